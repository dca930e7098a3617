// SPDX-License-Identifier: Apache-2.0

// A file of JSON objects, one a line, that is only appended to: the trace and the access log of
// KMS.
//
// A file that would grow beyond its limit is renamed to former_file(), in place of an older one,
// and a new file begins. A new one also begins if the file was removed or moved away; one that was
// truncated goes on from its new end. Several processes may append to one file.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/line_file.h"

namespace glovebox::kms {

// The device and the number of a file: the same for all its names.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};
// Empty if there is no such file.
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::string& file);

// "trace.jsonl.1", where the lines are that were in "trace.jsonl" before.
[[nodiscard]] std::string former_file(const std::string& file);

class JsonLines {
  public:
    // In bytes. With the former one, each of the two logs takes at most twice as much.
    static constexpr std::uintmax_t file_bytes_max = 64 * 1024 * 1024;

    // Opens the file for appending; creates it with mode 0600 if it is missing.
    [[nodiscard]] static Result<std::unique_ptr<JsonLines>> open(
        const std::string& file, std::uintmax_t bytes_max = file_bytes_max);

    // Appends one line. May be called from any thread. A line that cannot be written as a whole is
    // not written at all; the error has the errno.
    [[nodiscard]] Result<void> append(const boost::json::object& line);

  private:
    JsonLines(std::string file, std::uintmax_t bytes_max)
        : file_(std::move(file)), bytes_max_(bytes_max) {}

    [[nodiscard]] Result<void> reopen();
    [[nodiscard]] Result<void> make_room(std::uintmax_t bytes);

    std::string file_;
    std::uintmax_t bytes_max_;
    std::mutex mutex_;
    std::optional<LineFile> lines_;
    std::optional<FileIdentity> opened_;
};

}  // namespace glovebox::kms
