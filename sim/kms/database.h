// SPDX-License-Identifier: Apache-2.0

// A database as far as a key store needs it: statements with parameters, and transactions. SQLite
// (sqlite.h) and PostgreSQL (postgresql.h) are behind it; a key store's statements are written for
// both. Not safe from several threads at once: database_pool.h lends one to a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace glovebox::kms {

// One execution of a statement, as a database implements it: Query is what stores use.
class Execution {
  public:
    virtual ~Execution() = default;
    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;

    virtual void bind_text(std::string_view text) = 0;
    virtual void bind_bytes(BytesView bytes) = 0;
    virtual void bind_number(std::int64_t number) = 0;
    virtual void bind_null() = 0;

    [[nodiscard]] virtual Result<bool> step() = 0;
    [[nodiscard]] virtual Result<int> run() = 0;
    [[nodiscard]] virtual bool failed_on_constraint() const = 0;

    [[nodiscard]] virtual std::string text(int column) const = 0;
    [[nodiscard]] virtual Bytes bytes(int column) const = 0;
    [[nodiscard]] virtual std::int64_t number(int column) const = 0;
    [[nodiscard]] virtual bool is_null(int column) const = 0;

  protected:
    Execution() = default;
};

// One execution of a statement: bind the parameters in their order, then step through the rows.
// Bound text and bytes are copied. The database outlives it.
class Query {
  public:
    explicit Query(std::unique_ptr<Execution> execution) : execution_(std::move(execution)) {}

    Query& bind(std::string_view text);
    Query& bind(BytesView bytes);
    Query& bind(std::int64_t number);
    Query& bind(std::optional<std::int64_t> number);

    // Goes to the next row; false after the last.
    [[nodiscard]] Result<bool> step() { return execution_->step(); }
    // Executes a statement without rows, and returns the number of rows that it changed. After an
    // error nothing has changed, and a transaction can go on.
    [[nodiscard]] Result<int> run() { return execution_->run(); }
    // Whether run() failed because a row violates a UNIQUE or FOREIGN KEY constraint.
    [[nodiscard]] bool failed_on_constraint() const { return execution_->failed_on_constraint(); }

    // The columns of the current row, counted from 0. A null is an empty text, empty bytes or 0.
    [[nodiscard]] std::string text(int column) const { return execution_->text(column); }
    [[nodiscard]] Bytes bytes(int column) const { return execution_->bytes(column); }
    [[nodiscard]] std::int64_t number(int column) const { return execution_->number(column); }
    [[nodiscard]] bool is_null(int column) const { return execution_->is_null(column); }

  private:
    std::unique_ptr<Execution> execution_;
};

class Database {
  public:
    virtual ~Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // A statement with "?" for each parameter. Throws if `sql` is not one: that is a bug.
    [[nodiscard]] virtual Query query(std::string_view sql) = 0;

    // A transaction, or within one a part of it that can be undone alone. No other transaction of
    // any process on the same database changes anything until the outer one has ended: what was
    // read in it is still so when it is changed.
    [[nodiscard]] Result<void> begin();
    // After an error, nothing has changed; rollback() is still to be called.
    [[nodiscard]] Result<void> commit();
    void rollback();

  protected:
    Database() = default;
    [[nodiscard]] bool is_in_transaction() const { return depth_ > 0; }

  private:
    [[nodiscard]] virtual Result<void> begin_outer() = 0;
    [[nodiscard]] virtual Result<void> begin_inner() = 0;
    [[nodiscard]] virtual Result<void> commit_outer() = 0;
    [[nodiscard]] virtual Result<void> commit_inner() = 0;
    virtual void rollback_outer() = 0;
    virtual void rollback_inner() = 0;

    int depth_ = 0;  // transactions that have begun, one within the other
};

}  // namespace glovebox::kms
