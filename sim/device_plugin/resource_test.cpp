// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/resource.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::device_plugin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const Resource enclaves = Resource::enclaves(11, "/var/lib/glovebox/glovebox");
const Resource cpus = Resource::cpus(4);

TEST(Resource, HasTheNamesOfAwssPlugin) {
    EXPECT_EQ(enclaves.full_name(), "aws.ec2.nitro/nitro_enclaves");
    EXPECT_EQ(enclaves.socket_name(), "nitro_enclaves.sock");
    EXPECT_EQ(cpus.full_name(), "aws.ec2.nitro/nitro_enclaves_cpus");
    EXPECT_EQ(cpus.socket_name(), "nitro_enclaves_cpus.sock");
    EXPECT_THAT(cpus.device_ids(), ElementsAre("nitro_enclaves_cpus_0", "nitro_enclaves_cpus_1",
                                               "nitro_enclaves_cpus_2", "nitro_enclaves_cpus_3"));
}

TEST(Resource, GivesAContainerTheProgramReadOnlyAndADeviceThatDoesNothing) {
    const Allocation got = enclaves.allocate({"nitro_enclaves_10"}).value();
    EXPECT_THAT(got.mounts,
                ElementsAre(Mount{"/usr/bin/glovebox", "/var/lib/glovebox/glovebox"},
                            Mount{"/usr/bin/nitro-cli", "/var/lib/glovebox/glovebox"},
                            Mount{"/usr/bin/vsock-proxy", "/var/lib/glovebox/glovebox"}));
    EXPECT_THAT(got.devices, ElementsAre(Device{"/dev/nitro_enclaves", "/dev/null", "rw"}));
    EXPECT_THAT(got.variables, ElementsAre(Pair("GLOVEBOX_TRANSPORT", "unix")));
}

TEST(Resource, GivesTheSameWhicheverDevicesAreAsked) {
    const Allocation one = enclaves.allocate({"nitro_enclaves_0"}).value();
    const Allocation two = enclaves.allocate({"nitro_enclaves_7", "nitro_enclaves_3"}).value();
    EXPECT_EQ(one.mounts, two.mounts);
    EXPECT_EQ(one.devices, two.devices);
    EXPECT_EQ(one.variables, two.variables);
}

TEST(Resource, OfCpusGivesTheirNumberAlone) {
    const Allocation got =
        cpus.allocate({"nitro_enclaves_cpus_1", "nitro_enclaves_cpus_0"}).value();
    EXPECT_THAT(got.variables, ElementsAre(Pair("NITRO_ENCLAVES_CPUS", "2")));
    EXPECT_THAT(got.mounts, IsEmpty());
    EXPECT_THAT(got.devices, IsEmpty());
}

TEST(Resource, RefusesDevicesThatItDoesNotHave) {
    for (const char* id :
         {"", "nitro_enclaves", "nitro_enclaves_", "nitro_enclaves_11", "nitro_enclaves_-1",
          "nitro_enclaves_01", "nitro_enclaves_1 ", "nitro_enclaves_+1", "nitro_enclaves_x",
          "nitro_enclaves_cpus_1", "nitro_enclaves_4294967296",
          "nitro_enclaves_18446744073709551616", "../nitro_enclaves_1", "nitro-enclaves-1"}) {
        const auto got = enclaves.allocate({id});
        ASSERT_FALSE(got) << id;
        EXPECT_THAT(got.error().message, HasSubstr("nitro_enclaves_0 to nitro_enclaves_10")) << id;
    }
}

TEST(Resource, RefusesNoDeviceAndOneTwice) {
    EXPECT_THAT(enclaves.allocate({}).error().message, HasSubstr("no device"));
    EXPECT_THAT(enclaves.allocate({"nitro_enclaves_1", "nitro_enclaves_1"}).error().message,
                HasSubstr("named twice"));
}

TEST(Resource, PrefersRequiredDevicesAndThenTheLowestNumbers) {
    const std::vector<std::string> available{"nitro_enclaves_10", "nitro_enclaves_9",
                                             "nitro_enclaves_2", "nitro_enclaves_4"};
    EXPECT_THAT(enclaves.prefer(available, {}, 3).value(),
                ElementsAre("nitro_enclaves_2", "nitro_enclaves_4", "nitro_enclaves_9"));
    EXPECT_THAT(enclaves.prefer(available, {"nitro_enclaves_10"}, 2).value(),
                ElementsAre("nitro_enclaves_10", "nitro_enclaves_2"));
    EXPECT_THAT(enclaves.prefer(available, {}, 0).value(), IsEmpty());
    EXPECT_EQ(enclaves.prefer(available, {}, 4).value().size(), 4u);
}

TEST(Resource, PrefersNothingWhereNoChoiceIsPossible) {
    EXPECT_FALSE(enclaves.prefer({"nitro_enclaves_1"}, {}, 2));
    EXPECT_FALSE(enclaves.prefer({"nitro_enclaves_1"}, {}, -1));
    EXPECT_FALSE(enclaves.prefer({"nitro_enclaves_1"}, {"nitro_enclaves_2"}, 1));
    EXPECT_FALSE(enclaves.prefer({"nitro_enclaves_1", "nitro_enclaves_2"},
                                 {"nitro_enclaves_1", "nitro_enclaves_2"}, 1));
    EXPECT_FALSE(enclaves.prefer({"nitro_enclaves_99"}, {}, 1));
}

}  // namespace
}  // namespace glovebox::device_plugin
