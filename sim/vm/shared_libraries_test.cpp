// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/shared_libraries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::vm {
namespace {

TEST(SharedLibraries, AreThePathsThatLddPrints) {
    const auto found = libraries_in(
        "\tlinux-vdso.so.1 (0x00007ffd)\n"
        "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1)\n"
        "\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n");
    EXPECT_THAT(found.value(), testing::ElementsAre("/lib/x86_64-linux-gnu/libc.so.6",
                                                    "/lib64/ld-linux-x86-64.so.2"));
    EXPECT_THAT(libraries_in("\tstatically linked\n").value(), testing::IsEmpty());
}

TEST(SharedLibraries, ThatAreNotFoundAreAnError) {
    EXPECT_THAT(libraries_in("\tlibgone.so.1 => not found\n").error().message,
                testing::HasSubstr("libgone.so.1"));
}

}  // namespace
}  // namespace glovebox::vm
