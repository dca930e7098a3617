// SPDX-License-Identifier: Apache-2.0

#include "core/base/run_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

TEST(RunFolder, ARunDirectoryThatIsNotOnesOwnIsNotUsed) {
    const std::string in_tmp = "/tmp/glovebox-" + std::to_string(::geteuid());
    for (const char* unfit : {"", "relative", "/nonexistent/run", "/dev/null"})
        EXPECT_EQ(run_folder({unfit}), in_tmp) << unfit;
    EXPECT_EQ(run_folder({nullptr}), in_tmp);

    const TemporaryDirectory run;
    EXPECT_EQ(run_folder({run.path().c_str()}), run.path() + "/glovebox");
    EXPECT_EQ(run_folder({nullptr, "/nonexistent", run.path().c_str()}), run.path() + "/glovebox");
    const bool given_away = ::geteuid() == 0 && ::chown(run.path().c_str(), 12345, 0) == 0;
    const std::string somebody_elses = given_away ? run.path() : "/";
    if (given_away || ::geteuid() != 0) {
        EXPECT_EQ(run_folder({somebody_elses.c_str()}), in_tmp);
    }
}

}  // namespace
}  // namespace glovebox
