// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/id_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

IdFacts ordinary_user() {
    IdFacts facts;
    facts.uid = 1000;
    facts.gid = 100;
    facts.own_uids = facts.own_gids = {{0, 0, 4294967295}};
    return facts;
}

TEST(IdMapping, RootMapsEveryIdThatHeHasToItself) {
    IdFacts facts;
    // Root of a container whose ids begin at 100000 outside: only the numbers inside count.
    facts.own_uids = facts.own_gids = {{0, 1000, 1}, {1, 100000, 65536}};
    const IdMapping mapping = choose_id_mapping(facts);
    EXPECT_THAT(mapping.uids, ElementsAre(IdRange{0, 0, 1}, IdRange{1, 1, 65536}));
    EXPECT_EQ(mapping.gids, mapping.uids);
    EXPECT_TRUE(mapping.setgroups);
    EXPECT_FALSE(mapping.with_helpers);
    EXPECT_THAT(mapping.note, IsEmpty());
}

TEST(IdMapping, RootOfANamespaceWithOneIdHasOneId) {
    IdFacts facts;
    facts.own_uids = facts.own_gids = {{0, 1000, 1}};
    const IdMapping mapping = choose_id_mapping(facts);
    EXPECT_THAT(mapping.uids, ElementsAre(IdRange{0, 0, 1}));
    EXPECT_FALSE(mapping.setgroups);
    EXPECT_THAT(mapping.note, HasSubstr("only one user id"));
}

TEST(IdMapping, AnOrdinaryUserIsRootInsideAndHasHisSubordinateIds) {
    IdFacts facts = ordinary_user();
    facts.helpers = true;
    facts.subordinate_uids = IdRange{1, 100000, 65536};
    facts.subordinate_gids = IdRange{1, 200000, 1000};
    const IdMapping mapping = choose_id_mapping(facts);
    EXPECT_THAT(mapping.uids, ElementsAre(IdRange{0, 1000, 1}, IdRange{1, 100000, 65535}));
    EXPECT_THAT(mapping.gids, ElementsAre(IdRange{0, 100, 1}, IdRange{1, 200000, 1000}));
    EXPECT_TRUE(mapping.setgroups);
    EXPECT_TRUE(mapping.with_helpers);
    EXPECT_TRUE(mapping.has_gid(5));
    EXPECT_FALSE(mapping.has_gid(1001));
}

TEST(IdMapping, WithoutSubordinateIdsOneIdIsMappedAndTheNoteSaysHowToGetMore) {
    IdFacts facts = ordinary_user();
    EXPECT_THAT(choose_id_mapping(facts).uids, ElementsAre(IdRange{0, 1000, 1}));
    EXPECT_FALSE(choose_id_mapping(facts).setgroups);
    EXPECT_THAT(choose_id_mapping(facts).note, HasSubstr("sudo apt-get install uidmap"));
    facts.helpers = true;
    EXPECT_THAT(choose_id_mapping(facts).note, HasSubstr("sudo usermod --add-subuids"));
    facts.subordinate_uids = IdRange{1, 100000, 65536};
    EXPECT_THAT(choose_id_mapping(facts).gids, ElementsAre(IdRange{0, 100, 1}))
        << "subordinate users without groups are of no use";
}

TEST(IdMapping, SubordinateIdsThatTheNamespaceDoesNotHaveAreOfNoUse) {
    IdFacts facts = ordinary_user();
    facts.helpers = true;
    facts.subordinate_uids = facts.subordinate_gids = IdRange{1, 100000, 65536};
    facts.own_uids = {{1000, 1000, 1}};
    facts.own_gids = {{100, 100, 1}};
    const IdMapping mapping = choose_id_mapping(facts);
    EXPECT_THAT(mapping.uids, ElementsAre(IdRange{0, 1000, 1}));
    EXPECT_FALSE(mapping.with_helpers);
    EXPECT_THAT(mapping.note, HasSubstr("do not exist in this user namespace"));
}

TEST(IdMapping, MapsAreWrittenAsTheKernelReadsThem) {
    const std::vector<IdRange> ranges{{0, 1000, 1}, {1, 100000, 65535}};
    EXPECT_EQ(to_id_map(ranges), "0 1000 1\n1 100000 65535\n");
    EXPECT_EQ(parse_id_map("         0       1000          1\n         1     100000      65535\n"),
              ranges);
    EXPECT_THAT(parse_id_map("0 0\nx y z\n0 0 99999999999\n"), IsEmpty());
    EXPECT_THAT(helper_arguments(77, ranges),
                ElementsAre("77", "0", "1000", "1", "1", "100000", "65535"));
}

TEST(IdMapping, SubordinateIdsAreFoundByNameOrNumber) {
    const char* text = "other:1:2\nalice:100000:65536\n1001:300000:5\nbad:line\nempty:4:0\n";
    EXPECT_EQ(find_subordinate_ids(text, "alice", 1000), (IdRange{1, 100000, 65536}));
    EXPECT_EQ(find_subordinate_ids(text, "bob", 1001), (IdRange{1, 300000, 5}));
    EXPECT_EQ(find_subordinate_ids(text, "ali", 1002), std::nullopt);
    EXPECT_EQ(find_subordinate_ids(text, "empty", 1002), std::nullopt);
    EXPECT_EQ(find_subordinate_ids("", "alice", 1000), std::nullopt);
}

}  // namespace
}  // namespace glovebox::sandbox
