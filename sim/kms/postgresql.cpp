// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/postgresql.h"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <boost/system/errc.hpp>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/printable.h"

namespace glovebox::kms {
namespace {

// Types of parameters, by the numbers of pg_type.h. 0 has the server choose: a text may stand for
// a text or for bytes.
constexpr Oid any_type = 0;
constexpr Oid bytes_type = 17;
constexpr Oid number_type = 20;
constexpr int binary = 1;

// Whatever the role or the database prefers: a transaction that is answered is on the disk, and
// reads what others committed before it got the lock. Statements have the patience that SQLite has.
constexpr auto settings =
    "SET default_transaction_isolation = 'read committed'; SET statement_timeout = '30s'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE "
    "current_setting('synchronous_commit') = 'off'; SET search_path = glovebox_kms";

// One number for all KMS processes of a database: "glovebox".
constexpr auto begin_alone = "BEGIN; SELECT pg_advisory_xact_lock(7452723037402589048)";

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Options parse(const std::string& connection_string) {
    char* problem = nullptr;
    Options options(PQconninfoParse(connection_string.c_str(), &problem), &PQconninfoFree);
    PQfreemem(problem);
    return options;
}

// "?" for each parameter, as "$1", "$2". No statement has a "?" elsewhere.
std::string numbered(std::string_view sql) {
    std::string out;
    int number = 0;
    for (const char one : sql)
        out += one == '?' ? fmt::format("${}", ++number) : std::string(1, one);
    return out;
}

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

// Of several lines: "connection to server ... failed: FATAL: ...".
std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    for (char& one : text)
        if (one == '\n')
            one = ' ';
    return printable(text);
}

// Whether a part of a password stands here, which has a character that ends it in a URL. libpq
// would take it for a host, a port or a database, and quote it in its error.
bool is_misplaced(std::string_view keyword, std::string_view value) {
    if (keyword == "host" || keyword == "hostaddr" || keyword == "dbname")
        return value.find('@') != std::string_view::npos;
    return keyword == "port" && value.find_first_not_of("0123456789,") != std::string_view::npos;
}

bool is_read(std::string_view sql) {
    return sql.starts_with("SELECT");
}

Error unavailable(std::string message) {
    return {make_error_code(boost::system::errc::io_error), std::move(message)};
}

}  // namespace

std::string to_text(const PostgresTarget& target) {
    return fmt::format("{} at {}{}{}, as {}", printable(target.database), printable(target.host),
                       target.host.starts_with('/') ? " port " : ":", printable(target.port),
                       printable(target.user));
}

Result<void> check_connection_string(const std::string& text) {
    const Options options = parse(text);
    bool is_one = options != nullptr;
    for (const PQconninfoOption* one = options.get();
         is_one && one != nullptr && one->keyword != nullptr; ++one)
        is_one = one->val == nullptr || !is_misplaced(one->keyword, one->val);
    if (is_one)
        return {};
    return invalid_input(
        "this is not a connection string of PostgreSQL: postgresql://USER@HOST/DATABASE is one, "
        "and host=HOST user=USER dbname=DATABASE too. In a URL, write @, / and : of a password as "
        "%40, %2F and %3A");
}

std::vector<std::string> files_of(const std::string& connection_string) {
    static constexpr std::array<std::string_view, 6> keywords{
        "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir"};
    std::vector<std::string> files;
    const Options given = parse(connection_string);
    const Options by_default(PQconndefaults(), &PQconninfoFree);
    for (const auto* options : {given.get(), by_default.get()})
        for (const auto* one = options; one != nullptr && one->keyword != nullptr; ++one)
            if (one->val != nullptr && *one->val != '\0' &&
                std::find(keywords.begin(), keywords.end(), one->keyword) != keywords.end())
                files.emplace_back(one->val);
    if (const char* const file = std::getenv("PGSERVICEFILE"))
        files.emplace_back(file);
    if (const char* const home = std::getenv("HOME"))
        for (const char* name : {"/.pgpass", "/.pg_service.conf", "/.postgresql"})
            files.push_back(std::string(home) + name);
    return files;
}

bool has_password(const std::string& connection_string) {
    const Options options = parse(connection_string);
    for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr;
         ++one)
        if (std::string_view(one->keyword) == "password" && one->val != nullptr)
            return true;
    return false;
}

void PostgresDatabase::Finish::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

void PostgresDatabase::Clear::operator()(pg_result* result) const {
    PQclear(result);
}

class PostgresDatabase::Statement final : public Execution {
  public:
    Statement(PostgresDatabase& database, std::string_view sql) : database_(database), sql_(sql) {}

    void bind_text(std::string_view text) override {
        bind(any_type, Bytes(text.begin(), text.end()));
    }
    void bind_bytes(BytesView bytes) override {
        bind(bytes_type, Bytes(bytes.begin(), bytes.end()));
    }
    void bind_number(std::int64_t number) override {
        auto rest = static_cast<std::uint64_t>(number);
        Bytes bytes(sizeof number);
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
            *byte = static_cast<std::uint8_t>(rest);
        bind(number_type, std::move(bytes));
    }
    void bind_null() override { bind(number_type, std::nullopt); }

    Result<bool> step() override {
        if (!answer_) {
            if (auto done = perform(); !done)
                return done.error();
            row_ = -1;
        }
        return ++row_ < PQntuples(answer_.get());
    }

    Result<int> run() override {
        // In PostgreSQL a failed statement is the end of its transaction; SQLite undoes that
        // statement alone, and a store relies on it where a row may be there already.
        const bool is_part = database_.is_in_transaction() && sql_.starts_with("INSERT");
        if (is_part)
            if (auto begun = database_.execute("SAVEPOINT one_statement"); !begun)
                return begun.error();
        auto done = perform();
        if (is_part)
            if (auto ended = database_.execute(done ? "RELEASE SAVEPOINT one_statement"
                                                    : "ROLLBACK TO SAVEPOINT one_statement; "
                                                      "RELEASE SAVEPOINT one_statement");
                !ended && done)
                return ended.error();
        if (!done)
            return done.error();
        const std::string_view changed = PQcmdTuples(answer_.get());
        int rows = 0;  // a statement that changes none has an empty text
        std::from_chars(changed.data(), changed.data() + changed.size(), rows);
        return rows;
    }

    [[nodiscard]] bool failed_on_constraint() const override { return failed_on_constraint_; }

    [[nodiscard]] std::string text(int column) const override {
        return {PQgetvalue(answer_.get(), row_, column),
                static_cast<std::size_t>(PQgetlength(answer_.get(), row_, column))};
    }
    [[nodiscard]] Bytes bytes(int column) const override {
        const std::string found = text(column);
        return {found.begin(), found.end()};
    }
    [[nodiscard]] std::int64_t number(int column) const override {
        std::uint64_t number = 0;
        for (const std::uint8_t byte : bytes(column))
            number = number << 8 | byte;
        return static_cast<std::int64_t>(number);
    }
    [[nodiscard]] bool is_null(int column) const override {
        return PQgetisnull(answer_.get(), row_, column) != 0;
    }

  private:
    void bind(Oid type, std::optional<Bytes> value) {
        types_.push_back(type);
        values_.push_back(std::move(value));
    }

    Result<void> perform() {
        for (bool again : {true, false}) {
            if (auto usable = database_.make_usable(); !usable)
                return usable;
            Answer answer = send();
            const auto status = PQresultStatus(answer.get());
            if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
                answer_ = std::move(answer);
                return {};
            }
            const std::string state = text_of(PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE));
            failed_on_constraint_ = state == "23505" || state == "23503";
            Error failure = database_.error(sql_, answer.get());
            const bool is_lost = database_.drop_lost();
            if (!is_lost || database_.is_in_transaction() || !is_read(sql_) || !again)
                return failure;
        }
        return {};
    }

    Answer send() {
        pg_conn* const connection = database_.connection_.get();
        auto known = database_.prepared_.find(sql_);
        if (known == database_.prepared_.end()) {
            const std::string name = fmt::format("s{}", database_.prepared_.size());
            Answer prepared(PQprepare(connection, name.c_str(), numbered(sql_).c_str(),
                                      static_cast<int>(types_.size()), types_.data()));
            if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK)
                return prepared;
            known = database_.prepared_.emplace(sql_, name).first;
        }
        std::vector<const char*> values;
        std::vector<int> lengths;
        for (const auto& value : values_) {
            // A null pointer would mean null.
            static constexpr auto nothing = "";
            values.push_back(!value           ? nullptr
                             : value->empty() ? nothing
                                              : reinterpret_cast<const char*>(value->data()));
            lengths.push_back(value ? static_cast<int>(value->size()) : 0);
        }
        const std::vector<int> formats(values_.size(), binary);
        return Answer(PQexecPrepared(connection, known->second.c_str(),
                                     static_cast<int>(values.size()), values.data(), lengths.data(),
                                     formats.data(), binary));
    }

    PostgresDatabase& database_;
    std::string sql_;
    std::vector<Oid> types_;
    std::vector<std::optional<Bytes>> values_;
    Answer answer_;
    int row_ = -1;
    bool failed_on_constraint_ = false;
};

PostgresDatabase::PostgresDatabase(std::string connection_string)
    : connection_string_(std::move(connection_string)) {}

PostgresDatabase::~PostgresDatabase() = default;

Result<void> PostgresDatabase::connect() {
    if (connection_)
        return {};
    // What stands before "dbname" is a default, and what stands behind it is not. A server that
    // does not answer is given up.
    const std::array<const char*, 6> names{"connect_timeout",           "tcp_user_timeout",
                                           "fallback_application_name", "dbname",
                                           "client_encoding",           nullptr};
    const std::array<const char*, 6> values{
        "5", "10000", "glovebox kms", connection_string_.c_str(), "UTF8", nullptr};
    constexpr int dbname_is_connection_string = 1;
    std::unique_ptr<pg_conn, Finish> made(
        PQconnectdbParams(names.data(), values.data(), dbname_is_connection_string));
    if (PQstatus(made.get()) != CONNECTION_OK)
        return unavailable("PostgreSQL: " + one_line(text_of(PQerrorMessage(made.get()))));
    PQsetNoticeProcessor(
        made.get(), [](void*, const char*) {}, nullptr);
    if (const std::string encoding = text_of(PQparameterStatus(made.get(), "server_encoding"));
        encoding != "UTF8")
        return invalid_input(fmt::format(
            "PostgreSQL: the database {} has the encoding {}, and keys need UTF8: make it with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
            printable(text_of(PQdb(made.get()))), printable(encoding)));
    connection_ = std::move(made);
    if (auto set = execute(settings); !set) {
        connection_.reset();
        return set;
    }
    return {};
}

PostgresTarget PostgresDatabase::target() const {
    const pg_conn* const connection = connection_.get();
    return {text_of(PQdb(connection)), text_of(PQhost(connection)), text_of(PQport(connection)),
            text_of(PQuser(connection))};
}

Result<void> PostgresDatabase::execute(const char* sql) {
    if (auto usable = make_usable(); !usable)
        return usable;
    const Answer answer(PQexec(connection_.get(), sql));
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return {};
    Error failure = error(sql, answer.get());
    static_cast<void>(drop_lost());
    return failure;
}

Query PostgresDatabase::query(std::string_view sql) {
    return Query(std::make_unique<Statement>(*this, sql));
}

Result<void> PostgresDatabase::begin_outer() {
    auto begun = execute(begin_alone);
    if (!begun && !connection_)  // lost: nothing has been done in it
        begun = execute(begin_alone);
    if (!begun && connection_)
        rollback_outer();
    return begun;
}

Result<void> PostgresDatabase::commit_outer() {
    if (auto usable = make_usable(); !usable)
        return usable;
    const Answer answer(PQexec(connection_.get(), "COMMIT"));
    // A transaction in which a statement has failed is undone by COMMIT, without an error.
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK &&
        std::string_view(PQcmdStatus(answer.get())) == "COMMIT")
        return {};
    Error failure = error("COMMIT", answer.get());
    static_cast<void>(drop_lost());
    return failure;
}

void PostgresDatabase::rollback_outer() {
    if (connection_)
        static_cast<void>(execute("ROLLBACK"));
}

void PostgresDatabase::rollback_inner() {
    if (connection_)
        static_cast<void>(
            execute("ROLLBACK TO SAVEPOINT inner_part; RELEASE SAVEPOINT inner_part"));
}

bool PostgresDatabase::drop_lost() {
    if (PQstatus(connection_.get()) == CONNECTION_OK)
        return false;
    connection_.reset();
    prepared_.clear();
    return true;
}

Result<void> PostgresDatabase::make_usable() {
    if (connection_)
        return {};
    if (is_in_transaction())
        return unavailable(
            "PostgreSQL: the connection was lost within a transaction, of which nothing has "
            "changed");
    return connect();
}

Error PostgresDatabase::error(std::string_view what, const pg_result* answer) const {
    // Without the detail, which can have a whole row in it.
    const std::string primary = text_of(PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY));
    return unavailable(fmt::format("PostgreSQL: {}: {}", what,
                                   primary.empty()
                                       ? one_line(text_of(PQerrorMessage(connection_.get())))
                                       : printable(primary)));
}

}  // namespace glovebox::kms
