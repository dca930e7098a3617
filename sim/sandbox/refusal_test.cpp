// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;

NamespaceFacts debian() {
    NamespaceFacts facts;
    facts.max_user_namespaces = "96365";
    facts.seccomp_mode = "0";
    return facts;
}

struct Case {
    const char* name;
    int error;
    NamespaceFacts facts;
    const char* cause;
    const char* command;
};

class Refusal : public testing::TestWithParam<Case> {};

TEST_P(Refusal, NamesTheCauseTheCommandAndWhatRemains) {
    const Error error = explain_forbidden_namespaces(GetParam().error, GetParam().facts);
    EXPECT_EQ(error.code, SandboxError::namespaces_forbidden);
    EXPECT_THAT(error.message, AllOf(HasSubstr(GetParam().cause), HasSubstr(GetParam().command),
                                     HasSubstr("--isolation none")));
}

NamespaceFacts with(void (*change)(NamespaceFacts&)) {
    NamespaceFacts facts = debian();
    change(facts);
    return facts;
}

INSTANTIATE_TEST_SUITE_P(
    EveryMachine, Refusal,
    testing::Values(
        Case{"Ubuntu", EPERM, with([](NamespaceFacts& f) { f.apparmor_restricts = "1"; }),
             "AppArmor", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
        Case{"NoNamespacesAtAll", ENOSPC,
             with([](NamespaceFacts& f) { f.max_user_namespaces = "0"; }),
             "user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=16384"},
        Case{"TooManyNamespaces", ENOSPC, debian(), "(96365)",
             "sudo sysctl -w user.max_user_namespaces=65536"},
        Case{"HardenedKernel", EPERM, with([](NamespaceFacts& f) { f.unprivileged_clone = "0"; }),
             "kernel.unprivileged_userns_clone is 0",
             "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
        Case{"Container", EPERM, with([](NamespaceFacts& f) {
                 f.container = Container{};
                 f.is_root = true;
                 f.seccomp_mode = "2";
             }),
             "this is a container", "--security-opt seccomp=ci/container/seccomp.json"},
        Case{"RootWithoutCapabilities", EPERM, with([](NamespaceFacts& f) {
                 f.is_root = true;
                 f.maps_users = false;
             }),
             "no capability to map users", "ordinary user"},
        Case{"RootWithoutCapabilitiesInAContainer", EPERM, with([](NamespaceFacts& f) {
                 f.container = Container{};
                 f.is_root = true;
                 f.maps_users = false;
                 f.seccomp_mode = "2";
             }),
             "no capability to map users",
             "docker run --cap-add SETUID --cap-add SETGID --cap-add SETFCAP"},
        Case{"Pod", EPERM, with([](NamespaceFacts& f) {
                 f.container = Container{.is_in_pod = true, .mark = {}};
                 f.seccomp_mode = "2";
             }),
             "this is a container",
             "Allow them with: seccompProfile {type: Localhost, localhostProfile: "
             "glovebox/seccomp.json}, appArmorProfile"},
        Case{"RootWithoutCapabilitiesInAPod", EPERM, with([](NamespaceFacts& f) {
                 f.container = Container{.is_in_pod = true, .mark = {}};
                 f.is_root = true;
                 f.maps_users = false;
             }),
             "no capability to map users", "capabilities {add: [SETUID, SETGID, SETFCAP]}"},
        Case{"SeccompFilter", EPERM, with([](NamespaceFacts& f) { f.seccomp_mode = "2"; }),
             "a seccomp filter", "--security-opt seccomp=ci/container/seccomp.json"},
        Case{"Chroot", EPERM, debian(), "A chroot does that", "dmesg"},
        Case{"OldKernel", EINVAL, debian(), "lacks one of the namespaces", "CONFIG_USER_NS"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(AdviseOnFilter, NamesTheOptionsWhereThereIsAFilterAndNothingElsewhere) {
    NamespaceFacts facts = debian();
    EXPECT_EQ(advise_on_filter(facts), "");
    facts.seccomp_mode = "2";
    EXPECT_THAT(advise_on_filter(facts), AllOf(HasSubstr("The seccomp filter"),
                                               HasSubstr("--security-opt seccomp=ci/container/"),
                                               HasSubstr("--isolation none")));
    facts.container = Container{};
    EXPECT_THAT(advise_on_filter(facts), HasSubstr("This container's seccomp filter"));
    facts.container = Container{.is_in_pod = true, .mark = {}};
    EXPECT_THAT(advise_on_filter(facts), AllOf(HasSubstr("seccompProfile"), HasSubstr("procMount"),
                                               Not(HasSubstr("docker"))));
}

TEST(PrivilegesWereTaken, ByAppArmorFromUsersAndByMissingCapabilitiesFromRoot) {
    NamespaceFacts facts = debian();
    EXPECT_FALSE(privileges_were_taken(EPERM, facts));
    facts.apparmor_restricts = "1";
    EXPECT_TRUE(privileges_were_taken(EPERM, facts));
    EXPECT_TRUE(privileges_were_taken(EACCES, facts));
    EXPECT_FALSE(privileges_were_taken(ENOENT, facts));
    facts.is_root = true;
    EXPECT_FALSE(privileges_were_taken(EPERM, facts)) << "the sysctl is for ordinary users";
    facts.maps_users = false;
    EXPECT_TRUE(privileges_were_taken(EPERM, facts));
    EXPECT_FALSE(privileges_were_taken(ENOSPC, facts));
    facts.is_root = false;
    facts.apparmor_restricts = "0";
    EXPECT_FALSE(privileges_were_taken(EPERM, facts)) << "a user maps one ID without a capability";
}

TEST(NamespaceFacts, TheFactsOfThisMachineAreRead) {
    EXPECT_FALSE(read_namespace_facts().seccomp_mode.empty());
}

}  // namespace
}  // namespace glovebox::sandbox
