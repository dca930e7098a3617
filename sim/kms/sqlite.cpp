// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/sqlite.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <chrono>
#include <new>
#include <stdexcept>

#include "core/base/unique_fd.h"

namespace glovebox::kms {
namespace {

// Another process may have locked the file.
constexpr int busy_timeout_ms = 5000;
constexpr std::chrono::seconds patience{30};
constexpr int pause_ms = 5;

// Calls `attempt` again while it says that the file is locked. SQLite waits for the lock itself,
// except where two writers would wait for each other.
template <class Attempt>
int persist(Attempt attempt) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        errno = 0;
        const int result = attempt();
        const int primary = result & 0xff;
        if ((primary != SQLITE_BUSY && primary != SQLITE_LOCKED) ||
            std::chrono::steady_clock::now() >= end)
            return result;
        sqlite3_sleep(pause_ms);
    }
}

bool is_of_the_disk(int errno_value) {
    return errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EIO ||
           errno_value == EROFS || errno_value == EMFILE || errno_value == ENFILE;
}

// What the last call to SQLite met in the file system, 0 where that is not known: SQLite keeps
// errno of some failures alone, and calls of its own that may fail follow.
int disk_errno(int kept_by_errno, sqlite3* database) {
    if (is_of_the_disk(kept_by_errno))
        return kept_by_errno;
    const int kept_by_sqlite = sqlite3_system_errno(database);
    return is_of_the_disk(kept_by_sqlite) ? kept_by_sqlite : 0;
}

// The first line of a statement, which may create all tables.
std::string_view first_line(std::string_view sql) {
    const auto begin = std::min(sql.find_first_not_of(" \n"), sql.size());
    sql.remove_prefix(begin);
    const std::string_view line = sql.substr(0, sql.find('\n'));
    const auto end = line.find_last_not_of(" (");
    return line.substr(0, end == line.npos ? 0 : end + 1);
}

// Whether a write fails because of RLIMIT_FSIZE: it writes what fits. SQLite does not keep errno.
bool is_at_size_limit(const std::string& file) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    for (const std::string& one : {file, file + "-wal"}) {
        struct stat state {};
        if (::stat(one.c_str(), &state) == 0 &&
            static_cast<rlim_t>(state.st_size) >= limit.rlim_cur)
            return true;
    }
    return false;
}

}  // namespace

class SqliteDatabase::Statement final : public Execution {
  public:
    Statement(SqliteDatabase& database, IdleStatements::node_type statement)
        : database_(database), statement_(std::move(statement)) {}

    ~Statement() override {
        sqlite3_reset(prepared());
        sqlite3_clear_bindings(prepared());
        database_.idle_.insert(std::move(statement_));  // asks for no memory
    }

    void bind_text(std::string_view text) override {
        expect_bound(sqlite3_bind_text64(prepared(), ++bound_,
                                         text.data() == nullptr ? "" : text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8));
    }

    void bind_bytes(BytesView bytes) override {
        static constexpr std::uint8_t nothing = 0;
        expect_bound(sqlite3_bind_blob64(prepared(), ++bound_,
                                         bytes.empty() ? &nothing : bytes.data(), bytes.size(),
                                         SQLITE_TRANSIENT));
    }

    void bind_number(std::int64_t number) override {
        expect_bound(sqlite3_bind_int64(prepared(), ++bound_, number));
    }

    void bind_null() override { expect_bound(sqlite3_bind_null(prepared(), ++bound_)); }

    Result<bool> step() override {
        const int result = persist([this] {
            const int stepped = sqlite3_step(prepared());
            // It starts again, unless a part of its rows was read already.
            if ((stepped & 0xff) == SQLITE_BUSY && !begun_)
                sqlite3_reset(prepared());
            return stepped;
        });
        switch (result) {
            case SQLITE_ROW:
                begun_ = true;
                return true;
            case SQLITE_DONE:
                return false;
            default:
                failed_on_constraint_ = (result & 0xff) == SQLITE_CONSTRAINT;
                return database_.error(sqlite3_sql(prepared()));
        }
    }

    Result<int> run() override {
        const auto row = step();
        if (!row)
            return row.error();
        return sqlite3_changes(database_.database_.get());
    }

    [[nodiscard]] bool failed_on_constraint() const override { return failed_on_constraint_; }

    [[nodiscard]] std::string text(int column) const override {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared(), column));
        expect_read(text);
        const auto length = static_cast<std::size_t>(sqlite3_column_bytes(prepared(), column));
        return text == nullptr ? std::string() : std::string(text, length);
    }

    [[nodiscard]] Bytes bytes(int column) const override {
        const auto* begin =
            static_cast<const std::uint8_t*>(sqlite3_column_blob(prepared(), column));
        expect_read(begin);
        const auto length = static_cast<std::size_t>(sqlite3_column_bytes(prepared(), column));
        return begin == nullptr ? Bytes() : Bytes(begin, begin + length);
    }

    [[nodiscard]] std::int64_t number(int column) const override {
        return sqlite3_column_int64(prepared(), column);
    }

    [[nodiscard]] bool is_null(int column) const override {
        return sqlite3_column_type(prepared(), column) == SQLITE_NULL;
    }

  private:
    [[nodiscard]] sqlite3_stmt* prepared() const { return statement_.mapped().get(); }

    // A parameter that was not taken would be a null in the table.
    void expect_bound(int result) const {
        if (result == SQLITE_NOMEM)
            throw std::bad_alloc();
        if (result != SQLITE_OK)
            throw std::runtime_error(fmt::format("{}: parameter {}: {}", statement_.key(), bound_,
                                                 sqlite3_errmsg(database_.database_.get())));
    }

    // Nothing is what SQLite has for a null and for a value that it could not copy.
    void expect_read(const void* value) const {
        if (value == nullptr && (sqlite3_errcode(database_.database_.get()) & 0xff) == SQLITE_NOMEM)
            throw std::bad_alloc();
    }

    SqliteDatabase& database_;
    IdleStatements::node_type statement_;  // its text and what was prepared of it
    bool begun_ = false;                   // a row was read
    bool failed_on_constraint_ = false;
    int bound_ = 0;
};

void SqliteDatabase::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

void SqliteDatabase::Close::operator()(sqlite3* database) const {
    sqlite3_close(database);
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& file) {
    if (file != ":memory:") {
        // SQLite would make it with the mode that the umask leaves; it holds keys.
        const UniqueFd made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!made)
            return errno_error("cannot open " + file, errno);
    }
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(
        file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
        nullptr);
    std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(file, opened));
    if (result != SQLITE_OK)
        return database->error("cannot open it");
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, busy_timeout_ms);
    // Readers and a writer don't wait for each other. What is acknowledged has been synced, however
    // SQLite was built (SQLITE_DEFAULT_WAL_SYNCHRONOUS). What undoes one statement stays in memory,
    // since the confined KMS may make no file in TMPDIR.
    for (const char* pragma :
         {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA temp_store = MEMORY"})
        if (auto done = database->execute(pragma); !done)
            return done.error();
    return database;
}

Result<void> SqliteDatabase::execute(const char* sql) {
    const int result =
        persist([&] { return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); });
    if (result != SQLITE_OK)
        return error(sql);
    return {};
}

Query SqliteDatabase::query(std::string_view sql) {
    if (const auto idle = idle_.find(sql); idle != idle_.end())
        return Query(std::make_unique<Statement>(*this, idle_.extract(idle)));
    sqlite3_stmt* statement = nullptr;
    const int result = persist([&] {
        return sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                  &statement, nullptr);
    });
    if (result != SQLITE_OK)
        throw std::runtime_error(
            fmt::format("{}: {}: {}", file_, sql, sqlite3_errmsg(database_.get())));
    Prepared prepared(statement);
    // Another one with the same text may come back before this one does.
    IdleStatements made;
    made.emplace(sql, std::move(prepared));
    return Query(std::make_unique<Statement>(*this, made.extract(made.begin())));
}

Error SqliteDatabase::error(std::string_view what) const {
    const int reason = disk_errno(errno, database_.get());
    const std::string message =
        fmt::format("{}: {}: {}", file_, first_line(what), sqlite3_errmsg(database_.get()));
    const int primary = sqlite3_errcode(database_.get()) & 0xff;
    Error error(
        make_error_code(boost::system::errc::io_error),
        primary == SQLITE_FULL || reason == 0 ? message : errno_error(message, reason).message);
    if (primary == SQLITE_FULL)
        return std::move(error).with_advice(
            "Make room on its file system; what was there before is unchanged");
    if (reason == 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY))
        return std::move(error).with_advice(
            "See that its file system has room and is whole (df -h, dmesg), and that this user may "
            "write to the file and its folder; then try again");
    if (primary == SQLITE_IOERR && is_at_size_limit(file_))
        return std::move(error).with_advice(
            "The file has reached this process's limit on file sizes (ulimit -f): raise the limit "
            "and start again; what was there before is unchanged");
    return error;
}

// Immediate: two transactions that read before they write would otherwise lock each other out.
Result<void> SqliteDatabase::begin_outer() {
    return execute("BEGIN IMMEDIATE");
}

// SQLite has undone it already after some errors, such as a full disk.
void SqliteDatabase::rollback_outer() {
    static_cast<void>(execute("ROLLBACK"));
}

void SqliteDatabase::rollback_inner() {
    static_cast<void>(execute("ROLLBACK TO inner_part; RELEASE inner_part"));
}

}  // namespace glovebox::kms
