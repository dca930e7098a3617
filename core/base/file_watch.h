// SPDX-License-Identifier: Apache-2.0

// Whether a file has changed, by stat(2) alone; and a file that is parsed only when it has.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/base/file_bytes.h"

namespace glovebox {

class FileWatch {
  public:
    // A file may be missing, appear and disappear.
    explicit FileWatch(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string& path() const { return path_; }

    // Whether the file may differ from what it was at the last call; true at the first, and until
    // the tick of the kernel's clock in which the file changed is over. The stamp is taken before
    // the caller reads the file: a change between them shows at the next call.
    [[nodiscard]] bool take_change();

  private:
    // What differs after a write, a rename onto the path, or a restored modification time.
    struct Stamp {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        std::chrono::nanoseconds modified{};
        std::chrono::nanoseconds changed{};

        bool operator==(const Stamp&) const = default;
    };
    // Of no file: the Stamp of zeros.
    [[nodiscard]] Stamp read_stamp() const;

    std::string path_;
    std::optional<Stamp> seen_;
};

// The parsed text of a file; a missing one counts as empty.
template <class T>
class ParsedFile {
  public:
    using Parse = std::function<T(std::string text)>;

    ParsedFile(std::string path, Parse parse) : watch_(std::move(path)), parse_(std::move(parse)) {}

    [[nodiscard]] const std::string& path() const { return watch_.path(); }

    // Valid until the next call.
    [[nodiscard]] const T& get() {
        if (watch_.take_change())
            value_ = parse_(read_system_text(watch_.path()));
        return value_;
    }

  private:
    FileWatch watch_;
    Parse parse_;
    T value_{};
};

}  // namespace glovebox
