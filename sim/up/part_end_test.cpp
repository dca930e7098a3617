// SPDX-License-Identifier: Apache-2.0

#include "sim/up/part_end.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace glovebox::up {
namespace {

WorldFile world() {
    WorldFile world;
    world.enclaves.emplace_back().name = "server";
    world.enclaves.back().label = "server";
    world.proxies.emplace_back().name = "kms";
    world.proxies.back().label = "proxy/kms";
    world.forwards.emplace_back().name = "in";
    world.forwards.back().label = "in";
    return world;
}

TEST(PartEnd, NamesThePartAsTheFileDoes) {
    EXPECT_EQ(describe({"server", 3, true, ""}, world()), "enclave server ended with status 3");
    EXPECT_EQ(describe({"server", 128 + SIGPIPE, true, ""}, world()),
              "enclave server ended with status 141 (signal 13, Broken pipe: it wrote to a pipe or "
              "socket that nobody reads any more)");
    EXPECT_EQ(describe({"server", 128 + SIGSEGV, true, ""}, world()),
              "enclave server ended with status 139 (signal 11, Segmentation fault)");
    EXPECT_EQ(describe({"server", 255, true, ""}, world()), "enclave server ended with status 255");
    EXPECT_EQ(describe({"in", 1, true, "gone"}, world()), "forward in ended with status 1: gone");
    EXPECT_EQ(describe({"proxy/kms", 137, false, ""}, world()),
              "proxy kms ended with status 137 (signal 9, Killed) before it was ready");
    EXPECT_EQ(describe({"kms", 1, false, "cannot listen"}, world()),
              "kms did not become ready: cannot listen");
}

TEST(PartEnd, OptionsAreTheFilesKeysButForCommands) {
    EXPECT_EQ(
        describe({"server", 1, false,
                  "not ready: --ready names the port, --ready-timeout how long, --mount DIR "
                  "shows a folder, --ready-time and --world none; start `glovebox run --ready "
                  "1`"},
                 world()),
        "enclave server did not become ready: not ready: ready names the port, ready_timeout "
        "how long, mount: DIR shows a folder, --ready-time and --world none; start `glovebox "
        "run --ready 1`");
    EXPECT_EQ(describe({"in", 1, false, "--mount"}, world()),
              "forward in did not become ready: --mount");
    EXPECT_EQ(describe({"in", 1, false, "--listen"}, world()),
              "forward in did not become ready: listen");
}

}  // namespace
}  // namespace glovebox::up
