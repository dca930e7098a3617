// SPDX-License-Identifier: Apache-2.0

// The three streams that a program is born with: that they are there, that what is written to them
// is printable, and that it arrived.
#pragma once

#include <memory>
#include <streambuf>

namespace glovebox::command_line {

// Where the caller closed one (>&-), a file that is opened later would get its number, and our
// output. A placeholder takes it that can't be used, as the closed one couldn't; programs that are
// started don't inherit it.
void hold_standard_streams();

// While it lives, std::cout and std::cerr pass on what is printable, line feeds and tabs, and write
// anything else as escapes (core/base/printable.h): no name in an image, a request or a file can
// steer the terminal. What a program that runs in an enclave writes goes to the descriptors
// directly, as it does without Glovebox.
class PrintableStreams {
  public:
    PrintableStreams();
    ~PrintableStreams();
    PrintableStreams(const PrintableStreams&) = delete;
    PrintableStreams& operator=(const PrintableStreams&) = delete;

  private:
    class Buffer;

    std::unique_ptr<Buffer> output_;
    std::unique_ptr<Buffer> error_;
};

// Whether something that was written to standard output so far is lost.
[[nodiscard]] bool is_output_lost();

// At the end of main: where standard output could not be written, says so and makes of "done"
// "could not be done".
[[nodiscard]] int finish_output(int exit_status);

}  // namespace glovebox::command_line
