// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/enclave_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/sandbox/plan_text.h"

namespace glovebox::sandbox {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Machine laptop_with_devices() {
    Machine machine;
    machine.ids.uid = 1000;
    machine.ids.gid = 1000;
    machine.devices = {"null", "zero", "net/tun"};
    machine.proc_entries = {"sys", "sysrq-trigger"};
    machine.rng_current_path = "/sys/class/misc/hw_random/rng_current";
    machine.cpus = {0, 2, 3, 4};
    return machine;
}

std::vector<Step> enclave_steps(const Machine& machine, const EnclaveResources& resources = {},
                                const std::vector<int>& cpus = {}) {
    std::vector<Step> steps;
    add_machine_mounts(steps, machine, resources, cpus);
    steps.push_back(steps::enter_root());
    for (const char* folder : tmpfs_folders)
        add_tmpfs(steps, folder, resources);
    add_own_mounts(steps, machine, choose_id_mapping(machine.ids), resources, cpus);
    return steps;
}

std::vector<std::string> enclave_mounts(const Machine& machine,
                                        const EnclaveResources& resources = {},
                                        const std::vector<int>& cpus = {}) {
    return to_lines(enclave_steps(machine, resources, cpus));
}

std::string content_of(const std::vector<Step>& steps, const std::string& file) {
    for (const Step& step : steps)
        if (step.op == Step::Op::write_file && step.target == file)
            return step.data;
    return "no such step";
}

// AWS's init has these mounts, with these flags and this text for a failure. What shows the machine
// comes first and is locked; in both parts the order is that of AWS's init.
TEST(EnclaveSteps, TheMountsAreAwsInitsWithItsFlagsAndWords) {
    std::vector<std::string> lines;
    std::vector<std::string> texts;
    for (const Step& step : enclave_steps(laptop_with_devices())) {
        if (step.op != Step::Op::enter_root && step.text.empty())
            continue;
        lines.push_back(to_line(step));
        texts.push_back(describe(step));
    }
    EXPECT_THAT(
        lines,
        ElementsAre(
            "mount tmpfs /dev nosuid,noexec mode=0755", "mount proc /proc nosuid,nodev,noexec",
            "symlink /dev/fd -> /proc/self/fd", "symlink /dev/stdin -> /proc/self/fd/0",
            "symlink /dev/stdout -> /proc/self/fd/1", "symlink /dev/stderr -> /proc/self/fd/2",
            "mount sysfs /sys nosuid,nodev,noexec", "enter root",
            "mount tmpfs /run nosuid,nodev,noexec mode=0755",
            "mount tmpfs /tmp nosuid,nodev,noexec", "mkdir /dev/shm 755",
            "mount tmpfs /dev/shm nosuid,nodev,noexec", "mkdir /dev/pts 755",
            "mount devpts /dev/pts nosuid,noexec newinstance,ptmxmode=0666,mode=0620",
            "mount tmpfs /sys/fs/cgroup nosuid,nodev,noexec mode=0755 (if there)"));
    EXPECT_THAT(
        texts, ElementsAre("mount: /dev", "mount: /proc", "symlink: /dev/fd", "symlink: /dev/stdin",
                           "symlink: /dev/stdout", "symlink: /dev/stderr", "mount: /sys",
                           "enter the new root", "mount: /run", "mount: /tmp", "mkdir: /dev/shm",
                           "mount: /dev/shm", "mkdir: /dev/pts", "mount: /dev/pts",
                           "mount: /sys/fs/cgroup"));
}

TEST(EnclaveSteps, TheDevicesAreTheMachinesAndThePlaceholders) {
    const auto lines = enclave_mounts(laptop_with_devices());
    for (const char* line :
         {"bind /dev/null on /dev/null ro", "bind /dev/zero on /dev/zero ro", "mkdir /dev/net 755",
          "bind /dev/net/tun on /dev/net/tun ro", "bind /dev/null on /dev/nsm ro",
          "bind /dev/null on /dev/vsock ro", "bind /dev/urandom on /dev/hwrng ro",
          "symlink /dev/ptmx -> pts/ptmx", "symlink /dev/console -> /proc/self/fd/1"})
        EXPECT_THAT(lines, Contains(line));
}

TEST(EnclaveSteps, TheConsoleIsThePseudoTerminalThatWasGiven) {
    EnclaveResources resources;
    resources.console_path = "/dev/pts/4";
    const auto lines = enclave_mounts(laptop_with_devices(), resources);
    EXPECT_THAT(lines, Contains("bind /dev/pts/4 on /dev/console ro"));
    EXPECT_THAT(lines, Contains("symlink /dev/ttyS0 -> console"));
}

TEST(EnclaveSteps, TheNameOfTheHwrngIsBoundOrTheClassIsCovered) {
    Machine machine = laptop_with_devices();
    EXPECT_THAT(
        enclave_mounts(machine),
        Contains(
            "bind root:/run/rng_current on /sys/class/misc/hw_random/rng_current ro (if there)"));
    machine.rng_current_path.clear();
    EXPECT_THAT(enclave_mounts(machine),
                Contains("mount tmpfs /sys/class/misc nosuid,nodev,noexec mode=0755"));
    EXPECT_THAT(enclave_mounts(machine),
                Contains("write /sys/class/misc/hw_random/rng_current 644"));
}

// procfs and sysfs know the machine's root by the user ID alone: what that user may write there
// reaches the machine.
TEST(EnclaveSteps, RootsProcAndSysAreReadOnlyButForTheNetworksSettings) {
    Machine machine = laptop_with_devices();
    EXPECT_THAT(enclave_mounts(machine), Each(Not(HasSubstr("/proc/sys"))));
    machine.ids.uid = 0;
    machine.ids.own_uids = machine.ids.own_gids = {{0, 0, 4294967295}};
    const auto lines = enclave_mounts(machine);
    EXPECT_THAT(lines, Contains("bind root:/proc/sys on /proc/sys ro (if there)"));
    EXPECT_THAT(lines,
                Contains("bind root:/proc/sysrq-trigger on /proc/sysrq-trigger ro (if there)"));
    EXPECT_THAT(lines, Contains("bind stage:/proc-sys-net on /proc/sys/net"));
    EXPECT_THAT(lines, Contains("mount sysfs /sys ro,nosuid,nodev,noexec"));
    EXPECT_THAT(lines, Contains(HasSubstr("newinstance,ptmxmode=0666,mode=0620,gid=5")));
}

TEST(EnclaveSteps, AProcfsThatNothingCoversIsHiddenWhereTheEnclavesIsCovered) {
    const Machine user = laptop_with_devices();
    EXPECT_THAT(enclave_mounts(user), Each(Not(HasSubstr("/dev/proc"))));
    EnclaveResources resources;
    resources.memory_bytes = 256U << 20;
    EXPECT_THAT(enclave_mounts(user, resources),
                Contains("mount proc /dev/proc nosuid,nodev,noexec"));
    Machine root = user;
    root.ids.uid = 0;
    root.ids.own_uids = root.ids.own_gids = {{0, 0, 4294967295}};
    const auto lines = enclave_mounts(root);
    const auto at = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) - lines.begin();
    };
    EXPECT_LT(at("mount proc /dev/proc ro,nosuid,nodev,noexec"),
              at("mount tmpfs /dev nosuid,noexec mode=0755"));
    EXPECT_LT(at("mount tmpfs /dev nosuid,noexec mode=0755"), at("enter root"));
}

TEST(EnclaveSteps, MemoryBoundsEveryTmpfsToHalfOfItAndIsWhatMeminfoSays) {
    EnclaveResources resources;
    resources.memory_bytes = 256U << 20;
    std::vector<Step> stage;
    add_stage(stage, resources);
    EXPECT_THAT(to_lines(stage),
                Contains("mount tmpfs host:/proc nosuid,nodev mode=0755,size=134217728"));
    const std::vector<Step> steps = enclave_steps(laptop_with_devices(), resources);
    const auto lines = to_lines(steps);
    EXPECT_THAT(lines, Contains("mount tmpfs /tmp nosuid,nodev,noexec size=134217728"));
    EXPECT_THAT(lines, Contains("bind root:/run/meminfo on /proc/meminfo ro (if there)"));
    EXPECT_THAT(content_of(steps, "/run/meminfo"), HasSubstr("MemTotal:         262144 kB\n"));
}

TEST(EnclaveSteps, CpusAreTheFirstOfTheCallers) {
    std::vector<std::string> notes;
    EXPECT_THAT(choose_cpus(laptop_with_devices(), std::nullopt, notes), IsEmpty());
    EXPECT_THAT(choose_cpus(laptop_with_devices(), 2, notes), ElementsAre(0, 2));
    EXPECT_THAT(notes, IsEmpty());
    EXPECT_THAT(choose_cpus(laptop_with_devices(), 9, notes), ElementsAre(0, 2, 3, 4));
    EXPECT_THAT(notes, ElementsAre(HasSubstr("9 CPUs were asked for")));
    Machine machine = laptop_with_devices();
    machine.cpuinfo = "processor\t: 0\n\nprocessor\t: 1\n\n";
    const std::vector<Step> steps = enclave_steps(machine, {}, {0, 2});
    EXPECT_EQ(content_of(steps, "/run/cpuinfo"), "processor\t: 0\n\n");
}

TEST(EnclaveSteps, AnOverlaysLowerFolderIsBoundSoThatItsNameNeedsNoEscape) {
    std::vector<Step> steps;
    add_overlay(steps, "/odd:name,here", "", "rootfs");
    EXPECT_THAT(
        to_lines(steps),
        ElementsAre("mkdir stage:/upper/rootfs 755", "mkdir stage:/work/rootfs 755",
                    "mkdir stage:/lower/rootfs 755", "bind /odd:name,here on stage:/lower/rootfs",
                    "mount overlay stage:/root lowerdir=/proc/lower/rootfs,upperdir=/proc/"
                    "upper/rootfs,workdir=/proc/work/rootfs,userxattr"));
}

}  // namespace
}  // namespace glovebox::sandbox
