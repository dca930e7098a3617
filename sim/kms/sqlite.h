// SPDX-License-Identifier: Apache-2.0

// SQLite with owners and with errors as values, as far as a key store needs it. Not safe from
// several threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace glovebox::kms {

class Database;

// One execution of a statement: bind the parameters in their order, then step through the rows.
// Bound text and bytes are copied. The database outlives it.
class Query {
  public:
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
    Query(Database& database, sqlite3_stmt* statement)
        : database_(database), statement_(statement) {}

    Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
};

class Database {
  public:
    // Opens a file, created with mode 0600 if it is missing, or ":memory:". If another process has
    // locked the file, statements wait for up to 5 s.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& file);

    // Executes statements without parameters and rows.
    [[nodiscard]] Result<void> execute(const char* sql);
    // Prepares a statement. Throws if `sql` is not one: that is a bug.
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
};

}  // namespace glovebox::kms
