// SPDX-License-Identifier: Apache-2.0

#include "core/base/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/testing/environment.h"

namespace glovebox {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Container, OfAPodIsKnownByTheVariableOfTheKubelet) {
    const Environment pod("KUBERNETES_SERVICE_HOST", "10.96.0.1");
    const auto found = find_container();
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is_in_pod);
    EXPECT_EQ(found->mark, "KUBERNETES_SERVICE_HOST");
}

TEST(Container, OfAnotherRuntimeIsNoPod) {
    const Environment no_pod("KUBERNETES_SERVICE_HOST", nullptr);
    const auto found = find_container();
    EXPECT_FALSE(found && found->is_in_pod);
}

TEST(ContainerSettings, AreThoseOfWhatStartsTheContainer) {
    const Container pod{.is_in_pod = true, .mark = {}};
    const Container container;
    for (const auto& settings : {profile_settings, sandbox_settings}) {
        EXPECT_THAT(settings(pod), AllOf(HasSubstr("seccompProfile {type: Localhost"),
                                         HasSubstr("securityContext"), Not(HasSubstr("docker"))));
        EXPECT_THAT(settings(container),
                    AllOf(HasSubstr("docker run --security-opt seccomp=ci/container/seccomp.json"),
                          Not(HasSubstr("seccompProfile"))));
    }
    EXPECT_THAT(sandbox_settings(pod),
                AllOf(HasSubstr("appArmorProfile {type: Unconfined}"),
                      HasSubstr("procMount: Unmasked"), HasSubstr("hostUsers: false")));
    EXPECT_THAT(ptrace_settings(pod), HasSubstr("capabilities {add: [SYS_PTRACE]}"));
    EXPECT_THAT(ptrace_settings(container), HasSubstr("--cap-add SYS_PTRACE"));
    EXPECT_THAT(mapping_settings(pod), HasSubstr("runAsUser: 1000"));
    EXPECT_THAT(mapping_settings(container), HasSubstr("--user 1000"));
}

TEST(ContainerSettings, AreBothWhereNothingTellsWhatStartsIt) {
    EXPECT_THAT(profile_settings(std::nullopt),
                AllOf(HasSubstr("docker run --security-opt"), HasSubstr("seccompProfile")));
}

}  // namespace
}  // namespace glovebox
