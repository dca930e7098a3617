// SPDX-License-Identifier: Apache-2.0

#include "core/base/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/private_directory.h"
#include "core/base/random_source.h"
#include "core/base/run_folder.h"

namespace glovebox {

namespace fs = std::filesystem;

namespace {

constexpr const char* records_folder = "/.scratch";
constexpr std::size_t digit_bytes = 8;
constexpr std::size_t path_bytes_max = 4096;
constexpr int opening_tries_max = 5;

std::string random_digits() {
    std::array<std::uint8_t, digit_bytes> bytes{};
    SystemRandom().fill(bytes);
    return to_hex(bytes);
}

UniqueFd open_records() {
    const std::string folder = run_folder();
    if (!open_private_directory(folder))
        return {};
    auto records = open_private_directory(folder + records_folder);
    return records ? std::move(*records) : UniqueFd();
}

bool are_there_records() {
    return ::access((run_folder() + records_folder).c_str(), F_OK) == 0;
}

// A lock of the folder of records: shared while a record is made, so that nobody takes it for an
// abandoned one before it is locked itself.
UniqueFd lock_records(int records, int operation) {
    UniqueFd held(::openat(records, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    while (held && ::flock(held.get(), operation) != 0)
        if (errno != EINTR)
            return {};
    return held;
}

bool is_removed(int folder) {
    struct stat status {};
    return ::fstat(folder, &status) != 0 || status.st_nlink == 0;
}

// Folders may have come without the permissions that removing needs. A cgroup is a folder whose
// files can't be removed, and which goes with them.
void remove_tree(const fs::path& path) {
    if (::rmdir(path.c_str()) == 0)
        return;
    std::error_code ignored;
    if (fs::symlink_status(path, ignored).type() == fs::file_type::directory) {
        fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, ignored);
        fs::recursive_directory_iterator at(path, ignored);
        const fs::recursive_directory_iterator end;
        for (; !ignored && at != end; at.increment(ignored))
            if (at->symlink_status(ignored).type() == fs::file_type::directory)
                fs::permissions(at->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
    fs::remove_all(path, ignored);
}

bool is_this_users(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

struct Record {
    std::string name;
    UniqueFd file;  // locked
};

std::vector<Record> records_without_holder(int records) {
    std::vector<Record> found;
    UniqueFd lock = lock_records(records, LOCK_EX);
    if (!lock)
        return found;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(lock.get()), ::closedir);
    if (!folder)
        return found;
    (void)lock.release();  // closed, and so unlocked, with the stream
    while (const dirent* entry = ::readdir(folder.get())) {
        UniqueFd file(::openat(records, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
            ::flock(file.get(), LOCK_EX | LOCK_NB) == 0)
            found.push_back({entry->d_name, std::move(file)});
    }
    return found;
}

fs::path path_in(const Record& record) {
    std::string text(path_bytes_max, '\0');
    const ssize_t size = ::pread(record.file.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

Scratch Scratch::reserve(const fs::path& parent, const std::string& name) {
    std::error_code code;
    const fs::path folder = fs::absolute(parent.empty() ? "." : parent, code);
    std::string digits = random_digits();
    fs::path path = (code ? parent : folder) / (name + digits);
    UniqueFd records;
    UniqueFd making;
    for (int tries = 1; tries <= opening_tries_max && !making; ++tries) {
        records = open_records();
        making = records ? lock_records(records.get(), LOCK_SH) : UniqueFd();
        if (making && is_removed(making.get()))
            making.reset();
    }
    if (!making)
        return Scratch(std::move(path), {}, {}, {});
    UniqueFd record(::openat(records.get(), digits.c_str(),
                             O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (record)
        ::flock(record.get(), LOCK_EX | LOCK_NB);
    const std::string& text = path.native();
    if (record &&
        ::write(record.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        ::unlinkat(records.get(), digits.c_str(), 0);
        record.reset();
    }
    return Scratch(std::move(path), std::move(records), std::move(digits), std::move(record));
}

Result<Scratch> Scratch::make_folder(const fs::path& parent, const std::string& name) {
    Scratch scratch = reserve(parent, name);
    if (::mkdir(scratch.path().c_str(), 0700) != 0) {
        const int failure = errno;
        scratch.forget();
        return errno_error("no folder can be made in " + parent.string(), failure);
    }
    return scratch;
}

Scratch::Scratch(Scratch&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      records_(std::move(other.records_)),
      record_name_(std::move(other.record_name_)),
      record_(std::move(other.record_)) {}

Scratch::~Scratch() {
    if (path_.empty())
        return;
    remove_tree(path_);
    forget();
}

Result<void> Scratch::rename_to(const fs::path& name) {
    if (::rename(path_.c_str(), name.c_str()) != 0)
        return errno_error(name.string() + " can't be made", errno);
    forget();
    return {};
}

void Scratch::forget() {
    path_.clear();
    if (record_)
        ::unlinkat(records_.get(), record_name_.c_str(), 0);
    record_.reset();
}

std::vector<std::string> Scratch::remove_abandoned(
    const std::function<bool(const fs::path&)>& wanted) {
    std::vector<std::string> removed;
    const UniqueFd records = are_there_records() ? open_records() : UniqueFd();
    if (!records)
        return removed;
    for (const Record& record : records_without_holder(records.get())) {
        const fs::path path = path_in(record);
        if (!path.empty() && !wanted(path))
            continue;
        const bool was_there = !path.empty() && is_this_users(path);
        if (was_there)
            remove_tree(path);
        if (was_there && is_this_users(path))
            continue;  // found again by the next one
        if (was_there)
            removed.push_back(path.string());
        ::unlinkat(records.get(), record.name.c_str(), 0);
    }
    const UniqueFd lock = lock_records(records.get(), LOCK_EX | LOCK_NB);
    if (lock)
        ::rmdir((run_folder() + records_folder).c_str());  // where no record is left
    return removed;
}

}  // namespace glovebox
