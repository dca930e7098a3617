// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_store.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sim/kms/sqlite.h"
#include "sim/kms/testing/empty_store.h"

namespace glovebox::kms {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const TimePoint march = parse_time("2026-03-04T05:06:07Z").value();

Key make_key(const std::string& id) {
    Key key;
    key.id = id;
    key.created = march;
    key.description = "for tests";
    key.spec = "SYMMETRIC_DEFAULT";
    key.usage = "ENCRYPT_DECRYPT";
    key.tags = {{"team", "a"}};
    key.policy = "{}";
    key.material_id = Bytes(id.begin(), id.end());
    key.material = Bytes{1, 2, 3};
    return key;
}

// A file of its own, which ends with it.
class File {
  public:
    File() : path_(std::filesystem::temp_directory_path() / "glovebox-keys-XXXXXX") {
        std::string name = path_.string();
        ::close(::mkstemp(name.data()));
        path_ = name;
    }
    ~File() {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm", "-journal"})
            std::filesystem::remove(path_.string() + suffix, ignored);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

class KeyStoreTest : public testing::Test {
  protected:
    std::unique_ptr<KeyStore> store_ = empty_store();
};

TEST_F(KeyStoreTest, AKeyComesBackAsItWasAdded) {
    EXPECT_TRUE(store_->add(make_key("a")).value());
    const Key key = store_->find("a").value().value();
    EXPECT_EQ(key.created, march);
    EXPECT_EQ(key.description, "for tests");
    EXPECT_EQ(key.spec, "SYMMETRIC_DEFAULT");
    EXPECT_EQ(key.usage, "ENCRYPT_DECRYPT");
    EXPECT_EQ(key.state, KeyState::enabled);
    EXPECT_EQ(key.deletion, std::nullopt);
    EXPECT_EQ(key.tags, (Tags{{"team", "a"}}));
    EXPECT_EQ(key.material, (Bytes{1, 2, 3}));
    EXPECT_EQ(store_->find_by_material(key.material_id).value().value().id, "a");
    EXPECT_EQ(store_->find("b").value(), std::nullopt);
    EXPECT_EQ(store_->find_by_material(Bytes{9}).value(), std::nullopt);
}

TEST_F(KeyStoreTest, AnIdIsTakenOnce) {
    EXPECT_TRUE(store_->add(make_key("a")).value());
    Key again = make_key("a");
    again.material_id = {7};
    again.description = "another";
    EXPECT_FALSE(store_->add(again).value());
    EXPECT_EQ(store_->find("a").value().value().description, "for tests");
}

TEST_F(KeyStoreTest, KeysAreListedInOrderAfterAnId) {
    for (const char* id : {"c", "a", "b"})
        ASSERT_TRUE(store_->add(make_key(id)).value());
    EXPECT_THAT(store_->list("", 2).value(), ElementsAre("a", "b"));
    EXPECT_THAT(store_->list("a", 10).value(), ElementsAre("b", "c"));
}

TEST_F(KeyStoreTest, StateAndPolicyAreReplaced) {
    ASSERT_TRUE(store_->add(make_key("a")).value());
    ASSERT_TRUE(store_->set_policy("a", R"({"Version": "2012-10-17"})"));
    ASSERT_TRUE(store_->set_state("a", KeyState::pending_deletion, march + 24h));
    const Key key = store_->find("a").value().value();
    EXPECT_EQ(key.policy, R"({"Version": "2012-10-17"})");
    EXPECT_EQ(key.state, KeyState::pending_deletion);
    EXPECT_EQ(key.deletion, march + 24h);
}

TEST_F(KeyStoreTest, AKeyGoesAtItsTimeWithItsAliases) {
    ASSERT_TRUE(store_->add(make_key("a")).value());
    ASSERT_TRUE(store_->add(make_key("b")).value());
    ASSERT_TRUE(store_->add_alias({"alias/app", "a", march, march}).value());
    ASSERT_TRUE(store_->set_state("a", KeyState::pending_deletion, march + 24h));
    ASSERT_TRUE(store_->remove_due(march + 24h - 1ms));
    EXPECT_TRUE(store_->find("a").value());
    ASSERT_TRUE(store_->remove_due(march + 24h));
    EXPECT_EQ(store_->find("a").value(), std::nullopt);
    EXPECT_EQ(store_->find_alias("alias/app").value(), std::nullopt);
    EXPECT_TRUE(store_->find("b").value());
}

TEST_F(KeyStoreTest, AnAliasIsAddedMovedAndRemoved) {
    ASSERT_TRUE(store_->add(make_key("a")).value());
    ASSERT_TRUE(store_->add(make_key("b")).value());
    EXPECT_TRUE(store_->add_alias({"alias/x", "a", march, march}).value());
    EXPECT_FALSE(store_->add_alias({"alias/x", "b", march, march}).value());
    EXPECT_TRUE(store_->add_alias({"alias/y", "b", march, march}).value());
    EXPECT_TRUE(store_->update_alias("alias/x", "b", march + 1h).value());
    EXPECT_FALSE(store_->update_alias("alias/none", "b", march).value());
    const Alias moved = store_->find_alias("alias/x").value().value();
    EXPECT_EQ(moved.key_id, "b");
    EXPECT_EQ(moved.created, march);
    EXPECT_EQ(moved.updated, march + 1h);
    EXPECT_EQ(store_->list_aliases("b", "", 10).value().size(), 2u);
    EXPECT_EQ(store_->list_aliases("a", "", 10).value().size(), 0u);
    EXPECT_EQ(store_->list_aliases("", "alias/x", 10).value().at(0).name, "alias/y");
    EXPECT_TRUE(store_->remove_alias("alias/x").value());
    EXPECT_FALSE(store_->remove_alias("alias/x").value());
}

TEST(KeyStoreFile, WhatWasAnsweredIsThereWhenItIsOpenedAgain) {
    const File file;
    {
        const auto store = KeyStore::open(file.path()).value();
        ASSERT_TRUE(store->add(make_key("a")).value());
    }
    EXPECT_TRUE(KeyStore::open(file.path()).value()->find("a").value());
}

TEST(KeyStoreFile, OfTheFirstVersionHasItsKeys) {
    const File file;
    {
        const auto old = SqliteDatabase::open(file.path()).value();
        ASSERT_TRUE(old->execute(R"(
            CREATE TABLE keys (id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL,
                description TEXT NOT NULL, spec TEXT NOT NULL, usage TEXT NOT NULL,
                state TEXT NOT NULL, deletion_ms INTEGER, multi_region INTEGER NOT NULL,
                tags TEXT NOT NULL, policy TEXT NOT NULL, material_id BLOB NOT NULL UNIQUE,
                material BLOB NOT NULL);
            CREATE TABLE aliases (name TEXT PRIMARY KEY,
                key_id TEXT NOT NULL REFERENCES keys(id) ON DELETE CASCADE,
                created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
            CREATE INDEX aliases_by_key ON aliases(key_id);
            INSERT INTO keys VALUES ('a', 1, 'mine', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT',
                'Enabled', NULL, 1, '{"t":"v"}', '{}', x'01', x'02');
            INSERT INTO aliases VALUES ('alias/x', 'a', 1, 2);
            PRAGMA user_version = 1;)"));
    }
    for (int opened = 0; opened < 2; ++opened) {
        const auto store = KeyStore::open(file.path(), "eu-west-1").value();
        const Key key = store->find("a").value().value();
        EXPECT_EQ(key.description, "mine");
        EXPECT_EQ(key.material, Bytes{2});
        EXPECT_EQ(key.primary_region, "eu-west-1");
        EXPECT_EQ(key.tags.at("t"), "v");
        EXPECT_EQ(store->find_alias("alias/x").value()->key_id, "a");
        EXPECT_EQ(store->find_by_material(Bytes{1}).value()->id, "a");
    }
    EXPECT_EQ(KeyStore::open(file.path(), "us-east-1").value()->find("a").value(), std::nullopt);
}

TEST(KeyStoreFile, OneOfVersion2HasItsGrants) {
    const File file;
    ASSERT_TRUE(KeyStore::open(file.path()).value()->add(make_key("a")).value());
    {
        const auto old = SqliteDatabase::open(file.path()).value();
        ASSERT_TRUE(old->execute(R"(
            DROP TABLE grant_operations;
            DROP TABLE grants;
            CREATE TABLE grants (id TEXT PRIMARY KEY, key_id TEXT NOT NULL, region TEXT NOT NULL,
                grantee TEXT NOT NULL, retiring TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
                "grant" TEXT NOT NULL, FOREIGN KEY (key_id, region)
                REFERENCES keys (id, region) ON DELETE CASCADE);
            CREATE INDEX grants_by_key ON grants (key_id, region, grantee);
            CREATE INDEX grants_by_retiring ON grants (retiring, region);
            INSERT INTO grants VALUES ('g', 'a', 'us-east-1', 'grantee', 'retirer', 'token',
                '{"id":"g","keyId":"a","name":"mine","created":"2026-03-04T05:06:07Z",
                  "grantee":"grantee","retiring":"retirer","operations":["Decrypt","Encrypt"]}');
            PRAGMA user_version = 2;)"));
    }
    for (int opened = 0; opened < 2; ++opened) {
        const auto store = KeyStore::open(file.path()).value();
        EXPECT_EQ(store->grants().allowing("a", "grantee", "Encrypt", "", 9).value().size(), 1u);
        EXPECT_EQ(store->grants().allowing("a", "grantee", "Sign", "", 9).value().size(), 0u);
        EXPECT_EQ(store->grants().named("a", "grantee", "mine").value().front().id, "g");
        EXPECT_EQ(store->grants().secret_of("g").value().size(), 32u);
    }
    const auto store = KeyStore::open(file.path()).value();
    EXPECT_TRUE(store->grants().remove("g").value());
    EXPECT_TRUE(store->grants().allowing("a", "grantee", "Encrypt", "", 9).value().empty());
}

// Another process that reads, as the sqlite3 shell does, locks nobody out.
TEST(KeyStoreFile, IsWrittenWhileAnotherProcessReads) {
    const File file;
    const auto store = KeyStore::open(file.path()).value();
    ASSERT_TRUE(store->add(make_key("a")).value());
    const auto reader = SqliteDatabase::open(file.path()).value();
    ASSERT_TRUE(reader->execute("BEGIN"));
    Query query = reader->query("SELECT id FROM keys");
    ASSERT_TRUE(query.step().value());
    const auto written = store->set_policy("a", "new");
    EXPECT_TRUE(written) << written.error().message;
}

TEST(KeyStoreFile, WritersOfSeveralProcessesTakeTurns) {
    const File file;
    constexpr int writers = 4;
    constexpr int changes = 30;
    ASSERT_TRUE(KeyStore::open(file.path()).value()->add(make_key("a")).value());
    std::vector<std::thread> threads;
    std::atomic<int> failures = 0;
    for (int i = 0; i < writers; ++i)
        threads.emplace_back([&, i] {
            // A connection of its own, as another process has.
            const auto store = KeyStore::open(file.path());
            for (int change = 0; store && change < changes; ++change) {
                const std::string id = fmt::format("{}-{}", i, change);
                Key key = make_key(id.c_str());
                if (!store.value()->add(key) || !store.value()->find("a") ||
                    !store.value()->set_policy("a", id))
                    ++failures;
            }
            failures += store ? 0 : changes;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(KeyStore::open(file.path()).value()->list("", 1000).value().size(),
              std::size_t{writers * changes + 1});
}

TEST(KeyStoreFile, AFileThatIsNoKeyStoreIsNamed) {
    const File file;
    std::ofstream(file.path())
        << "this is a text, and a long one, for it has to be more than a head";
    const auto store = KeyStore::open(file.path());
    ASSERT_FALSE(store);
    EXPECT_THAT(store.error().message, HasSubstr(file.path()));
}

}  // namespace
}  // namespace glovebox::kms
