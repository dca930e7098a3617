// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/kernel_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::vm {
namespace {

constexpr std::string_view records =
    "Package: linux-image-cloud-amd64\n"
    "Version: 6.12.95-1~bpo12+1\n"
    "Depends: linux-image-6.12.95+deb12-cloud-amd64 (= 6.12.95-1~bpo12+1)\n"
    "\n"
    "Package: linux-image-cloud-amd64\n"
    "Version: 6.1.192-3\n"
    "Depends: linux-image-6.1.0-57-cloud-amd64 (= 6.1.192-3)\n"
    "\n"
    "Package: linux-image-cloud-amd64\n"
    "Version: 6.1.1-1\n";

std::vector<std::string> packages(std::string_view suite) {
    std::vector<std::string> names;
    for (const MetapackageVersion& one : versions_for(suite, records))
        names.push_back(one.version + " " + one.kernel_package);
    return names;
}

TEST(KernelPackage, IsTheOneThatTheMetapackageOfTheSuiteDependsOn) {
    EXPECT_THAT(packages("bookworm"),
                testing::ElementsAre("6.1.192-3 linux-image-6.1.0-57-cloud-amd64"));
    EXPECT_THAT(packages("bookworm-backports"),
                testing::ElementsAre("6.12.95-1~bpo12+1 linux-image-6.12.95+deb12-cloud-amd64"));
}

TEST(KernelPackage, ComesByDebiansKeyOnly) {
    for (const char* suite : {"bookworm", "bookworm-backports"}) {
        const std::string sources = sources_of(suite, "http://mirror.example");
        EXPECT_THAT(sources, testing::StartsWith("deb [signed-by=/usr/share/keyrings/"));
        EXPECT_THAT(sources, testing::Not(testing::HasSubstr("trusted")));
    }
    EXPECT_THAT(sources_of("bookworm", "http://mirror.example"),
                testing::HasSubstr("http://mirror.example/debian-security bookworm-security"));
    EXPECT_THAT(sources_of("bookworm-backports", "http://mirror.example"),
                testing::Not(testing::HasSubstr("security")));
}

}  // namespace
}  // namespace glovebox::vm
