// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/served_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ServedNamesTest : public ::testing::Test {
  protected:
    TemporaryDirectory temporary_;
    std::string directory_ = temporary_.path();
};

TEST_F(ServedNamesTest, AreThereAsLongAsTheirServers) {
    EXPECT_THAT(ServedNames::read(directory_), IsEmpty());
    {
        const ServedNames one = ServedNames::announce(directory_, {"a:443=127.0.0.1:1"}).value();
        {
            const ServedNames other =
                ServedNames::announce(directory_, {"b:443=127.0.0.1:2", "c:443=127.0.0.1:2"})
                    .value();
            EXPECT_THAT(ServedNames::read(directory_),
                        UnorderedElementsAre("a:443=127.0.0.1:1", "b:443=127.0.0.1:2",
                                             "c:443=127.0.0.1:2"));
        }
        EXPECT_THAT(ServedNames::read(directory_), ElementsAre("a:443=127.0.0.1:1"));
    }
    EXPECT_THAT(ServedNames::read(directory_), IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(ServedNamesTest, OfAServerThatWasKilledAreRemoved) {
    std::ofstream(directory_ + "/served-killed") << "a:443=127.0.0.1:1\n";
    EXPECT_THAT(ServedNames::read(directory_), IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(ServedNamesTest, CannotBeAnnouncedInADirectoryThatIsMissing) {
    EXPECT_FALSE(ServedNames::announce(directory_ + "/none", {"a:443=127.0.0.1:1"}));
    EXPECT_THAT(ServedNames::read(directory_ + "/none"), IsEmpty());
}

}  // namespace
}  // namespace glovebox::tls
