// SPDX-License-Identifier: Apache-2.0

// An enclave's console: a pseudo-terminal that is the program's 0, 1 and 2, and a file with its
// output.
//
// On Nitro these three are /dev/console, a serial line. It is a terminal, so programs write line by
// line, and nobody ever types on it. The bytes are kept unchanged (no "\r" is added). The file
// keeps at least the last 8 MiB: older output becomes a hole at its beginning, so the file's size
// and all offsets stay the same.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

inline constexpr std::int64_t console_kept_bytes = 8 << 20;

class Console {
  public:
    // Throws ErrorException if the machine has no pseudo-terminals, or no free one.
    Console();
    // As finish().
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // The host's name of the program's end: "/dev/pts/4".
    [[nodiscard]] const std::string& path() const { return path_; }
    // The program's end of the terminal.
    [[nodiscard]] int program_end() const { return program_end_.get(); }

    // Starts a thread that copies the output to `file`, and to `live` (not owned) unless that is
    // -1. The calling thread has its signals blocked. Errors of writing are ignored: a full disk
    // must not stop the program.
    void record(UniqueFd file, int live);
    // Call it when the program has ended: closes the program's end, and waits until all output has
    // been copied.
    void finish();

  private:
    void run(int live);

    std::string path_;
    UniqueFd our_end_;
    UniqueFd program_end_;
    UniqueFd file_;
    std::thread thread_;
};

// The offset of the first byte that a console's file still has.
[[nodiscard]] std::int64_t first_kept_byte(int file);

}  // namespace glovebox::enclave
