// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/cpu_steps.h"

#include <gmock/gmock.h>

#include "sim/sandbox/plan_text.h"

namespace glovebox::sandbox {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CpuSteps, ShowTheChosenCpusOnly) {
    Machine machine;
    machine.cpu_folders = {"cpu0", "cpu1", "cpu10", "cpufreq"};
    machine.cpu_files = {"kernel_max", "online", "possible"};
    std::vector<Step> steps;
    add_cpu_folder(steps, machine, {1});
    const std::vector<std::string> lines = to_lines(steps);
    const std::string folder = "/sys/devices/system/cpu";
    EXPECT_THAT(lines, Contains(HasSubstr("on " + folder + "/cpu1 ")));
    EXPECT_THAT(lines, Contains(HasSubstr("on " + folder + "/cpufreq ")));
    EXPECT_THAT(lines, Contains(HasSubstr("on " + folder + "/kernel_max ")));
    EXPECT_THAT(lines, Not(Contains(HasSubstr("/cpu0"))));
    EXPECT_THAT(lines, Not(Contains(HasSubstr("/cpu10"))));
    for (const Step& step : steps) {
        if (step.op == Step::Op::write_file) {
            EXPECT_EQ(step.data, step.target.ends_with("kernel_max") ? "" : "1\n") << step.target;
        }
    }
}

TEST(CpuSteps, LeaveAllCpusAsTheyAre) {
    Machine machine;
    machine.cpu_folders = {"cpu0"};
    std::vector<Step> steps;
    add_cpu_folder(steps, machine, {});
    EXPECT_THAT(steps, IsEmpty());
}

TEST(CpuSteps, Cpuinfo) {
    const std::string text =
        "processor\t: 0\nmodel\t: x\n\nprocessor\t: 1\nmodel\t: x\n\nprocessor\t: 11\nmodel\t: "
        "x\n\nHardware\t: board\n";
    EXPECT_EQ(cpuinfo_of(text, {1}), "processor\t: 1\nmodel\t: x\n\nHardware\t: board\n");
    EXPECT_EQ(cpuinfo_of("", {1}), "");
}

TEST(CpuSteps, Lists) {
    EXPECT_EQ(to_cpu_list({0}), "0\n");
    EXPECT_EQ(to_cpu_list({0, 1, 3}), "0-1,3\n");
}

}  // namespace
}  // namespace glovebox::sandbox
