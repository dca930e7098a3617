// SPDX-License-Identifier: Apache-2.0

// The three standard streams: they exist, their text is safe for a terminal, and lost output is
// detected.
#pragma once

#include <memory>
#include <ostream>
#include <streambuf>
#include <string_view>

#include "core/base/colors.h"

namespace glovebox::command_line {

// If the caller has closed one of them (>&-), the next file to be opened would get its number, and
// the program's output. This opens a placeholder in its place, which cannot be used either and
// which started programs do not inherit. Call it first.
void hold_standard_streams();

// While it lives, std::cout and std::cerr pass printable text, line feeds and tabs on, and write
// everything else as escapes (core/base/printable.h). So no name in an image, a request or a file
// can control the terminal. In a step of a workflow, std::cerr passes no workflow command on either
// (core/base/workflow_commands.h); std::cout is data, and stays as it is. The output of programs in
// an enclave goes to the descriptors directly, as without Glovebox.
class PrintableStreams {
  public:
    explicit PrintableStreams(bool is_workflow_step);
    ~PrintableStreams();
    PrintableStreams(const PrintableStreams&) = delete;
    PrintableStreams& operator=(const PrintableStreams&) = delete;

    class Buffer;

  private:
    std::unique_ptr<Buffer> output_;
    std::unique_ptr<Buffer> error_;
};

// Foreign text in a style: printable, and coloured where the colours are shown, also through
// PrintableStreams.
struct Painted {
    const Colors& colors;
    Style style;
    std::string_view text;
};
std::ostream& operator<<(std::ostream& stream, const Painted& painted);

// Flushes standard output, and returns whether any of it could not be written.
[[nodiscard]] bool is_output_lost();

// Call it at the end of main. If standard output could not be written, reports that and turns
// exit_done into exit_failed; otherwise returns `exit_status` unchanged.
[[nodiscard]] int finish_output(int exit_status);

}  // namespace glovebox::command_line
