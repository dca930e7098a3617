// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/machine.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "sim/sandbox/sandbox_error.h"

namespace glovebox::enclave {
namespace {

using State = Finding::State;

Finding finding(const Machine& machine, std::string_view subject) {
    for (const Finding& one : judge(machine))
        if (one.subject == subject)
            return one;
    ADD_FAILURE() << subject;
    return {};
}

TEST(Machine, WhereNothingIsInTheWayNothingIsToBeDone) {
    Machine machine;
    machine.supervision->wakes_up_synchronously = true;
    for (const Finding& one : judge(machine)) {
        EXPECT_EQ(one.state, State::yes) << one.subject;
        EXPECT_EQ(one.remedy, "") << one.subject;
    }
}

TEST(Machine, ThatForbidsNamespacesIsToldTheSysctlThatDoes) {
    Machine machine;
    machine.namespaces = EPERM;
    machine.sandbox = Error(sandbox::SandboxError::namespaces_forbidden, "forbidden");
    EXPECT_EQ(finding(machine, "user namespaces").state, State::no);
    machine.apparmor_restricts_namespaces = true;
    EXPECT_NE(finding(machine, "user namespaces").remedy.find("apparmor"), std::string::npos);
    machine.apparmor_restricts_namespaces = false;
    machine.sysctl_forbids_namespaces = true;
    EXPECT_NE(finding(machine, "user namespaces").remedy.find("clone"), std::string::npos);
}

TEST(Machine, WhoseNamespacesAreThereAndWhoseSandboxFailsHasNone) {
    Machine machine;
    machine.sandbox = Error(sandbox::SandboxError::set_up_failed,
                            "the sandbox could not be set up: set the host name: EPERM");
    EXPECT_EQ(finding(machine, "user namespaces").state, State::no);
    EXPECT_NE(finding(machine, "user namespaces").consequence.find("set the host name"),
              std::string::npos);
    EXPECT_EQ(finding(machine, "user namespaces").remedy, "");
    machine.container = {false, "/run/.containerenv"};
    EXPECT_NE(finding(machine, "user namespaces").remedy.find("seccomp=ci/container/seccomp.json"),
              std::string::npos);
}

TEST(Machine, WhereSocketsAreRelabelledProgramsRunWithoutASandbox) {
    Machine machine;
    machine.relabels = true;
    EXPECT_EQ(judge(machine).front().state, State::yes);
    EXPECT_NE(judge(machine).front().consequence.find("ptrace"), std::string::npos);
    EXPECT_NE(judge(machine).front().remedy.find("seccomp=ci/container/seccomp.json"),
              std::string::npos);
    EXPECT_EQ(finding(machine, "user namespaces").state, State::no);
    EXPECT_NE(finding(machine, "user namespaces").consequence.find("--isolation none"),
              std::string::npos);
}

TEST(Machine, AVsockThatAFilterDeniesIsNone) {
    Machine machine;
    machine.vsock = EPERM;
    EXPECT_EQ(finding(machine, "real AF_VSOCK").state, State::limited);
    EXPECT_NE(finding(machine, "real AF_VSOCK").consequence.find("not permitted"),
              std::string::npos);
    machine.vsock = ENOENT;
    EXPECT_NE(finding(machine, "real AF_VSOCK").remedy.find("modprobe"), std::string::npos);
}

TEST(Machine, YamaIsNamedWhereAProcessCannotBeReachedInto) {
    Machine machine;
    machine.ptrace_scope = 2;  // root's rights are above it
    EXPECT_EQ(judge(machine).front().state, State::yes);
    machine.reach = errno_error("process_vm_readv", EPERM);
    EXPECT_NE(judge(machine).front().remedy.find("ptrace_scope"), std::string::npos);
    machine.ptrace_scope = 1;
    EXPECT_EQ(judge(machine).front().state, State::no);
    EXPECT_NE(judge(machine).front().consequence.find("process_vm_readv"), std::string::npos);
}

TEST(Machine, AnOldKernelIsSlowerAndAProcessorWithoutVmxMakesKvmUseless) {
    Machine machine;
    EXPECT_EQ(finding(machine, "synchronous wake-up").state, State::limited);
    machine.virtualizing_processor = false;
    EXPECT_EQ(finding(machine, "KVM").state, State::limited);
    machine.kvm = EACCES;
    EXPECT_NE(finding(machine, "KVM").remedy, "");
}

TEST(Machine, AKernelIsNamedAsTheCauseOfASlowWakeUpOnlyWhereItIsOne) {
    Machine machine;
    for (const char* old : {"6.1.0-13-amd64", "5.15.0", "6.5.0-rc1"}) {
        machine.kernel = old;
        EXPECT_NE(finding(machine, "synchronous wake-up").remedy, "") << old;
    }
    for (const char* recent : {"6.6.0", "6.18.44-fc", "7.0.1"}) {
        machine.kernel = recent;
        EXPECT_EQ(finding(machine, "synchronous wake-up").remedy, "") << recent;
    }
    machine.kernel = "5.15.0";
    machine.supervision = errno_error("denied", EBUSY);
    EXPECT_EQ(finding(machine, "synchronous wake-up").remedy, "");
    EXPECT_NE(finding(machine, "synchronous wake-up").consequence.find("not known"),
              std::string::npos);
}

TEST(Machine, AnotherUsersKvmIsWorthARightOnlyOnAProcessorThatVirtualizes) {
    Machine machine;
    machine.kvm = EACCES;
    EXPECT_NE(finding(machine, "KVM").remedy.find("setfacl"), std::string::npos);
    machine.virtualizing_processor = false;
    EXPECT_EQ(finding(machine, "KVM").remedy.find("setfacl"), std::string::npos);
    EXPECT_NE(finding(machine, "KVM").consequence.find("neither vmx nor svm"), std::string::npos);
    machine.kvm = ENOENT;
    EXPECT_NE(finding(machine, "KVM").consequence.find("no /dev/kvm"), std::string::npos);
}

TEST(Machine, CanBeLookedAt) {
    EXPECT_FALSE(Machine::look().kernel.empty());
}

}  // namespace
}  // namespace glovebox::enclave
