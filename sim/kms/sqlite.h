// SPDX-License-Identifier: Apache-2.0

// SQLite, with owners and with errors as values; a value that memory has no room for is
// std::bad_alloc. Several processes may have one file open: a statement that finds it locked waits
// and is run again, for 30 s at the most.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sim/kms/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace glovebox::kms {

class SqliteDatabase final : public Database {
  public:
    // Opens a file, created with mode 0600 if it is missing, or ":memory:".
    [[nodiscard]] static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& file);

    // Executes statements without parameters and rows.
    [[nodiscard]] Result<void> execute(const char* sql);
    // The prepared statement is kept for the next query with the same text.
    [[nodiscard]] Query query(std::string_view sql) override;

  private:
    class Statement;
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;
    using IdleStatements = std::map<std::string, Prepared, std::less<>>;  // by their text

    SqliteDatabase(std::string file, sqlite3* database)
        : file_(std::move(file)), database_(database) {}

    [[nodiscard]] Result<void> begin_outer() override;
    [[nodiscard]] Result<void> begin_inner() override { return execute("SAVEPOINT inner_part"); }
    [[nodiscard]] Result<void> commit_outer() override { return execute("COMMIT"); }
    [[nodiscard]] Result<void> commit_inner() override { return execute("RELEASE inner_part"); }
    void rollback_outer() override;
    void rollback_inner() override;

    // The error of the last call, with `what` in front.
    [[nodiscard]] Error error(std::string_view what) const;

    std::string file_;
    std::unique_ptr<sqlite3, Close> database_;
    IdleStatements idle_;
};

}  // namespace glovebox::kms
