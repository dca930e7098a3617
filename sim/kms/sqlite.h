// SPDX-License-Identifier: Apache-2.0

// SQLite with owners and errors as values; as much of it as a key store needs.
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

// One execution of a statement: bind, then step through its rows. Text and bytes that are bound are
// copied.
class Query {
  public:
    Query& bind(std::string_view text);
    Query& bind(BytesView bytes);
    Query& bind(std::int64_t number);
    Query& bind(std::optional<std::int64_t> number);

    // True while there is a row.
    [[nodiscard]] Result<bool> step();
    // For what gives no rows; the number of rows that it changed.
    [[nodiscard]] Result<int> run();

    // Columns of the row, from 0.
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
    // A file, made with mode 0600 where it is absent, or ":memory:".
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& file);

    [[nodiscard]] Result<void> execute(const char* sql);
    // Throws when `sql` is not a statement: that is a bug.
    [[nodiscard]] Query query(std::string_view sql);

    // What went wrong last.
    [[nodiscard]] Error error(std::string_view what) const;
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
