// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/plan_text.h"
#include "sim/sandbox/root_fs_plan.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class TrustTest : public ::testing::Test {
  protected:
    void make_file(const std::string& name) {
        fs::create_directories(fs::path(root_ + name).parent_path());
        std::ofstream(root_ + name) << "bundle";
    }
    void make_link(const std::string& name, const std::string& text) {
        fs::create_directories(fs::path(root_ + name).parent_path());
        fs::create_symlink(text, root_ + name);
    }

    TemporaryDirectory temporary_;
    std::string root_ = temporary_.path();
    TrustedAuthority authority_{"PEM\n", "0a1b2c3d", ""};
};

TEST_F(TrustTest, FindsDebiansPlaces) {
    make_file("/etc/ssl/certs/ca-certificates.crt");
    make_link("/usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt");
    const TrustPlaces places = read_trust_places(root_);
    EXPECT_THAT(places.bundles, ElementsAre("/etc/ssl/certs/ca-certificates.crt"));
    EXPECT_THAT(places.hashed_folders, ElementsAre("/etc/ssl/certs"));
}

TEST_F(TrustTest, FindsAlpinesPlaces) {
    make_file("/etc/ssl/certs/ca-certificates.crt");
    make_link("/etc/ssl/cert.pem", "certs/ca-certificates.crt");
    EXPECT_THAT(read_trust_places(root_).bundles,
                ElementsAre("/etc/ssl/certs/ca-certificates.crt"));
}

TEST_F(TrustTest, FindsAmazonLinuxsPlacesThroughItsSymlinks) {
    make_file("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
    make_link("/etc/pki/tls/certs/ca-bundle.crt",
              "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
    make_link("/etc/pki/tls/cert.pem", "certs/ca-bundle.crt");
    make_link("/etc/ssl/certs", "../pki/tls/certs");
    const TrustPlaces places = read_trust_places(root_);
    EXPECT_THAT(places.bundles, ElementsAre("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"));
    EXPECT_THAT(places.hashed_folders, ElementsAre("/etc/pki/tls/certs"));
}

TEST_F(TrustTest, AnImagesSymlinkNeverLeadsToTheHost) {
    make_link("/etc/ssl/certs/ca-certificates.crt", "../../../../../../../etc/passwd");
    make_link("/etc/ssl/cert.pem", "/etc/passwd");
    EXPECT_THAT(read_trust_places(root_).bundles, IsEmpty());
}

TEST_F(TrustTest, ARootWithoutBundlesTrustsNobodyAsOnNitro) {
    EXPECT_THAT(read_trust_places(root_).bundles, IsEmpty());
    EXPECT_THAT(trust_steps(read_trust_places(root_), authority_, root_, "", "/upper/rootfs"),
                IsEmpty());
}

TEST_F(TrustTest, ARootFileSystemsBundleIsExtendedInItsOverlay) {
    make_file("/etc/ssl/certs/ca-certificates.crt");
    RootFsRequest request;
    request.directory = root_;
    request.resources.authority = authority_;
    const SandboxPlan plan = make_root_fs_plan(request, read_root_fs(root_), Machine{}).value();
    const auto lines = to_lines(plan.steps);
    EXPECT_THAT(lines, Contains("mkdir stage:/upper/rootfs/etc/ssl/certs 755"));
    EXPECT_THAT(lines,
                Contains("extend stage:/upper/rootfs/etc/ssl/certs/ca-certificates.crt after " +
                         root_ + "/etc/ssl/certs/ca-certificates.crt"));
    EXPECT_THAT(lines, Contains("write stage:/upper/rootfs/etc/ssl/certs/0a1b2c3d.0 644"));
    EXPECT_THAT(plan.environment, Each(Not(HasSubstr("CERT"))));
}

Machine debian_machine() {
    Machine machine;
    machine.top_level = {{"etc", ""}, {"usr", ""}};
    machine.mount_points = {"/"};
    machine.trust = {{"/etc/ssl/certs/ca-certificates.crt"}, {"/etc/ssl/certs"}};
    return machine;
}

CommandRequest request_with(const TrustedAuthority& authority) {
    CommandRequest request;
    request.arguments = {"server"};
    request.path = "/usr/bin";
    request.working_directory = "/app";
    request.resources.authority = authority;
    return request;
}

TEST_F(TrustTest, AMachinesBundleIsExtendedInTheOverlayOfItsFolder) {
    const auto lines =
        to_lines(make_command_plan(request_with(authority_), debian_machine()).value().steps);
    EXPECT_THAT(lines, Contains("extend stage:/upper/etc/ssl/certs/ca-certificates.crt after "
                                "/etc/ssl/certs/ca-certificates.crt"));
    EXPECT_THAT(lines, Contains("write stage:/upper/etc/ssl/certs/0a1b2c3d.0 644"));
    EXPECT_THAT(lines, Each(Not(HasSubstr("/upper/usr/"))));
}

TEST_F(TrustTest, WhereAnEngineHasMountsInEtcTheBundlesFolderIsAnOverlayOfItsOwn) {
    Machine machine = debian_machine();
    machine.mount_points = {"/", "/etc/hosts"};
    const auto lines = to_lines(make_command_plan(request_with(authority_), machine).value().steps);
    EXPECT_THAT(lines, Contains("bind /etc on /etc ro"));
    EXPECT_THAT(lines, Contains(AllOf(HasSubstr("extend stage:/upper/trusted"),
                                      HasSubstr("/certs/ca-certificates.crt after "
                                                "/etc/ssl/certs/ca-certificates.crt"))));
    EXPECT_THAT(lines, Contains(HasSubstr("mount overlay /etc/ssl ")));
}

TEST_F(TrustTest, ByTheEnvironmentItReachesRuntimesWithAListOfTheirOwn) {
    authority_.bundle_pem = "ALL\n";
    CommandRequest request = request_with(authority_);
    request.environment = {"AWS_CA_BUNDLE=/app/my.pem"};
    const SandboxPlan plan = make_command_plan(request, debian_machine()).value();
    const auto lines = to_lines(plan.steps);
    EXPECT_EQ(lines.back(), "write /run/glovebox/bundle.pem 644");
    EXPECT_THAT(lines, Contains(StartsWith("mount tmpfs /run "))) << "before it";
    EXPECT_THAT(plan.environment, Contains("NODE_EXTRA_CA_CERTS=/run/glovebox/ca.pem"));
    EXPECT_THAT(plan.environment, Contains("REQUESTS_CA_BUNDLE=/run/glovebox/bundle.pem"));
    EXPECT_THAT(plan.environment, Contains("AWS_CA_BUNDLE=/app/my.pem"));
    EXPECT_THAT(plan.environment, Not(Contains("AWS_CA_BUNDLE=/run/glovebox/bundle.pem")));
}

}  // namespace
}  // namespace glovebox::sandbox
