// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <new>
#include <string>

namespace glovebox::kms {
namespace {

// No request of SQLite's for memory is granted beyond what it has.
class NoMoreMemory {
  public:
    NoMoreMemory() { sqlite3_hard_heap_limit64(sqlite3_memory_used() + slack_bytes); }
    ~NoMoreMemory() { sqlite3_hard_heap_limit64(0); }
    NoMoreMemory(const NoMoreMemory&) = delete;
    NoMoreMemory& operator=(const NoMoreMemory&) = delete;

    static constexpr int slack_bytes = 16 * 1024;
};

class SqliteTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(database_->execute("CREATE TABLE things (name TEXT, content BLOB)"));
    }
    int count() {
        Query query = database_->query("SELECT count(*) FROM things");
        return query.step().value() ? static_cast<int>(query.number(0)) : -1;
    }

    std::unique_ptr<SqliteDatabase> database_ = SqliteDatabase::open(":memory:").value();
    const std::string long_ = std::string(1024 * 1024, 'a');
};

TEST_F(SqliteTest, AValueThatMemoryHasNoRoomForIsNotStoredAsNothing) {
    {
        Query text = database_->query("INSERT INTO things VALUES (?, ?)");
        Query bytes = database_->query("INSERT INTO things VALUES (?, ?)");
        text.bind(std::string_view("name"));
        const NoMoreMemory none;
        EXPECT_THROW(text.bind(as_bytes(long_)), std::bad_alloc);
        EXPECT_THROW(bytes.bind(std::string_view(long_)), std::bad_alloc);
    }
    EXPECT_EQ(count(), 0);
}

TEST_F(SqliteTest, WhatIsWrittenIsSyncedBeforeItIsAcknowledged) {
    Query query = database_->query("PRAGMA synchronous");
    ASSERT_TRUE(query.step().value());
    EXPECT_EQ(query.number(0), 2) << "2 is FULL (sqlite.org/pragma.html#pragma_synchronous)";
}

TEST_F(SqliteTest, AParameterThatAStatementDoesNotHaveIsABug) {
    Query query = database_->query("INSERT INTO things VALUES (?, 1)");
    query.bind(std::string_view("name"));
    EXPECT_THROW(query.bind(std::int64_t{1}), std::runtime_error);
}

TEST_F(SqliteTest, TwoQueriesOfOneTextAreIndependent) {
    for (int round = 0; round < 3; ++round) {
        Query first = database_->query("INSERT INTO things VALUES (?, ?)");
        Query second = database_->query("INSERT INTO things VALUES (?, ?)");
        first.bind(std::string_view("first")).bind(as_bytes(long_));
        second.bind(std::string_view("second")).bind(as_bytes(long_));
        EXPECT_EQ(first.run().value(), 1);
        EXPECT_EQ(second.run().value(), 1);
    }
    EXPECT_EQ(count(), 6);
}

}  // namespace
}  // namespace glovebox::kms
