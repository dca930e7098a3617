// SPDX-License-Identifier: Apache-2.0

// An enclave's console: a pseudo-terminal that the program has as 0, 1 and 2, and what came out of
// it in a file.
//
// On Nitro these are /dev/console, a serial line: a terminal, so that programs write line by line,
// and nobody ever types on it. Its bytes are kept as they were written (no "\r" is added). The file
// keeps at least the last 8 MiB: what is older becomes a hole at its beginning, which keeps its
// size and every offset in it.
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
    // Errors: the machine has no pseudo-terminals, or no free one.
    Console();  // throws ErrorException
    // Closes the program's end and waits until all of its output has been taken.
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // "/dev/pts/4"
    [[nodiscard]] const std::string& path() const { return path_; }
    // The program's end.
    [[nodiscard]] int program_end() const { return program_end_.get(); }

    // Begins to take its output: into `file`, and to `live` (not owned) unless that is -1. The
    // calling thread's signals must be blocked.
    void record(UniqueFd file, int live);
    // As the destructor does: for when the program has ended. Nothing is written afterwards.
    void finish();

  private:
    void run(int live);

    std::string path_;
    UniqueFd our_end_;
    UniqueFd program_end_;
    UniqueFd file_;
    std::thread thread_;
};

// Where a console's file has its first byte that is still there.
[[nodiscard]] std::int64_t first_kept_byte(int file);

}  // namespace glovebox::enclave
