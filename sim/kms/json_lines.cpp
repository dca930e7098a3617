// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/json_lines.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "core/base/unique_fd.h"
#include "sim/kms/json.h"

namespace glovebox::kms {
namespace {

FileIdentity identity(const struct stat& status) {
    return {status.st_dev, status.st_ino};
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return std::nullopt;
    return identity(status);
}

std::string former_file(const std::string& file) {
    return file + ".1";
}

Result<std::unique_ptr<JsonLines>> JsonLines::open(const std::string& file,
                                                   std::uintmax_t bytes_max) {
    std::unique_ptr<JsonLines> lines(new JsonLines(file, bytes_max));
    if (auto opened = lines->reopen(); !opened)
        return opened.error();
    return lines;
}

Result<void> JsonLines::reopen() {
    constexpr unsigned mode = 0600;
    auto lines = LineFile::open(file_, mode);
    if (!lines)
        return lines.error();
    lines_.emplace(std::move(*lines));
    opened_ = identity_of(file_);
    return {};
}

// Before a line of that length: the file is there under its name, and not too long.
Result<void> JsonLines::make_room(std::uintmax_t bytes) {
    struct stat status {};
    if (::stat(file_.c_str(), &status) != 0 || identity(status) != opened_)
        return reopen();
    const auto is_full = [&](const struct stat& of) {
        return S_ISREG(of.st_mode) && of.st_size > 0 &&
               static_cast<std::uintmax_t>(of.st_size) + bytes > bytes_max_;
    };
    if (!is_full(status))
        return {};
    // Another process may be about to do the same: who holds the lock of the full file renames it.
    const UniqueFd full(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!full || ::flock(full.get(), LOCK_EX) != 0)
        return errno_error("cannot lock " + file_, errno);
    struct stat locked {};
    struct stat named {};
    if (::fstat(full.get(), &locked) == 0 && ::stat(file_.c_str(), &named) == 0 &&
        identity(locked) == identity(named) && is_full(named) &&
        std::rename(file_.c_str(), former_file(file_).c_str()) != 0)
        return errno_error("cannot rename " + file_, errno);
    return reopen();
}

Result<void> JsonLines::append(const boost::json::object& line) {
    const std::string text = to_json(line);
    const std::lock_guard lock(mutex_);
    if (auto room = make_room(text.size() + 1); !room)
        return room;
    return lines_->append(text);
}

}  // namespace glovebox::kms
