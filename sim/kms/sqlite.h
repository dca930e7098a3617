// SPDX-License-Identifier: Apache-2.0

// SQLite with owners and with errors as values, as far as a key store needs it. Not safe from
// several threads at once. Several processes may have one file open: a statement that finds it
// locked waits and is run again, for 30 s at the most.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace glovebox::kms {

class Database;

// One execution of a statement: bind the parameters in their order, then step through the rows.
// Bound text and bytes are copied. The database outlives it, and keeps the prepared statement for
// the next query with the same text.
class Query {
  public:
    Query(Query&&) noexcept = default;
    Query& operator=(Query&&) = delete;
    ~Query();

    Query& bind(std::string_view text);
    Query& bind(BytesView bytes);
    Query& bind(std::int64_t number);
    Query& bind(std::optional<std::int64_t> number);

    // Goes to the next row; false after the last.
    [[nodiscard]] Result<bool> step();
    // Executes a statement without rows, and returns the number of rows that it changed.
    [[nodiscard]] Result<int> run();

    // The columns of the current row, counted from 0. A null is an empty text, empty bytes or 0.
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] Bytes bytes(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] bool is_null(int column) const;

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
    Query(Database& database, std::string text, Statement statement)
        : database_(database), text_(std::move(text)), statement_(std::move(statement)) {}

    Database& database_;
    std::string text_;
    Statement statement_;
    bool begun_ = false;  // a row was read
    int bound_ = 0;
};

class Database {
  public:
    // Opens a file, created with mode 0600 if it is missing, or ":memory:".
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& file);

    // Executes statements without parameters and rows.
    [[nodiscard]] Result<void> execute(const char* sql);
    // A prepared statement. Throws if `sql` is not one: that is a bug.
    [[nodiscard]] Query query(std::string_view sql);

    // The error of the last call, with `what` in front.
    [[nodiscard]] Error error(std::string_view what) const;
    // Whether the last call failed because a row violates a UNIQUE or FOREIGN KEY constraint.
    [[nodiscard]] bool failed_on_constraint() const;

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    Database(std::string file, sqlite3* database) : file_(std::move(file)), database_(database) {}
    friend class Query;

    std::string file_;
    std::unique_ptr<sqlite3, Close> database_;
    std::map<std::string, Query::Statement, std::less<>> idle_;  // by their text
};

}  // namespace glovebox::kms
