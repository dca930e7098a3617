// SPDX-License-Identifier: Apache-2.0

// PostgreSQL, with owners and with errors as values, by libpq. Several processes may use one
// database. Made by `cmake -DGLOVEBOX_POSTGRESQL=ON` alone.
//
// A connection is made when it is first needed, and made again when it was lost. What was lost with
// it and changes nothing, a SELECT or the begin of a transaction, is done again at once; whatever
// else was lost is an error, since it may have taken effect or not.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kms/database.h"

struct pg_conn;
struct pg_result;

namespace glovebox::kms {

// What a person may see of a connection string: no password.
struct PostgresTarget {
    std::string database;
    std::string host;  // a name, an address, or the folder of a Unix socket
    std::string port;
    std::string user;
};

// "keys at db.example:5432, as glovebox".
[[nodiscard]] std::string to_text(const PostgresTarget& target);

// Reads a connection string, "postgresql://user@host/database" or "host=... dbname=...". The error
// quotes nothing of it, since it may have a password.
[[nodiscard]] Result<void> check_connection_string(const std::string& text);
// Passwords, certificates and services that libpq may read, by its options, variables and defaults.
[[nodiscard]] std::vector<std::string> files_of(const std::string& connection_string);
[[nodiscard]] bool has_password(const std::string& connection_string);

class PostgresDatabase final : public Database {
  public:
    // Connects when it is first used.
    explicit PostgresDatabase(std::string connection_string);
    ~PostgresDatabase() override;

    // Connects now, unless it is connected. The error says what was reached and why not, and has no
    // password.
    [[nodiscard]] Result<void> connect();
    // Where it is connected to.
    [[nodiscard]] PostgresTarget target() const;

    // Executes statements without parameters and rows, all or none of them. Notices are dropped.
    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Query query(std::string_view sql) override;

  private:
    class Statement;
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    struct Clear {
        void operator()(pg_result* result) const;
    };
    using Answer = std::unique_ptr<pg_result, Clear>;

    [[nodiscard]] Result<void> begin_outer() override;
    [[nodiscard]] Result<void> begin_inner() override { return execute("SAVEPOINT inner_part"); }
    [[nodiscard]] Result<void> commit_outer() override;
    [[nodiscard]] Result<void> commit_inner() override {
        return execute("RELEASE SAVEPOINT inner_part");
    }
    void rollback_outer() override;
    void rollback_inner() override;

    // Whether the connection is gone; then nothing of it is left.
    [[nodiscard]] bool drop_lost();
    // An error if the transaction that this statement is part of was lost with its connection.
    [[nodiscard]] Result<void> make_usable();
    [[nodiscard]] Error error(std::string_view what, const pg_result* answer) const;

    std::string connection_string_;
    std::unique_ptr<pg_conn, Finish> connection_;
    std::map<std::string, std::string, std::less<>> prepared_;  // names by the statements' texts
};

}  // namespace glovebox::kms
