// SPDX-License-Identifier: Apache-2.0

// A file of lines that is only appended to, by several threads and processes: a log, a trace.
//
// A line is one write(2), so that the lines of several writers don't mix. It is in the file whole
// or not at all: where it doesn't fit (the disk is full, the file has reached its limit), what was
// written of it is cut off again. What can't be cut off, or was left by a writer that was killed,
// is ended by a line feed before the next line.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox {

class LineFile {
  public:
    // Opens for appending. A file that isn't there is made with this mode, less the umask.
    [[nodiscard]] static Result<LineFile> open(const std::string& file, unsigned mode);

    // Standard error, which others write to as well: it is never cut.
    [[nodiscard]] static LineFile standard_error();

    LineFile(LineFile&& other) noexcept;
    LineFile& operator=(LineFile&&) = delete;

    // `line` has no line feed at its end. Safe from any thread. The error is errno's.
    [[nodiscard]] Result<void> append(std::string_view line);

  private:
    LineFile(UniqueFd owned, int fd, bool ends_in_half)
        : owned_(std::move(owned)), fd_(fd), ends_in_half_(ends_in_half) {}

    [[nodiscard]] bool cut_off(off_t begin, std::size_t written, std::size_t kept) const;

    std::mutex mutex_;
    UniqueFd owned_;  // none for standard error
    int fd_;
    bool ends_in_half_;
};

}  // namespace glovebox
