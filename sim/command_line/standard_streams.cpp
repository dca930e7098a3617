// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

#include "core/base/printable.h"
#include "core/base/workflow_commands.h"
#include "sim/command_line/exit_status.h"

namespace glovebox::command_line {

void hold_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)
            // The lowest free number, which is this one. It stays open.
            static_cast<void>(
                ::open("/dev/null", (stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
}

// Buffers nothing, so that the output of both streams, and of others on their descriptors, stays in
// order.
class PrintableStreams::Buffer : public std::streambuf {
  public:
    Buffer(std::ostream& stream, bool is_inert) : stream_(stream), below_(stream.rdbuf(this)) {
        if (is_inert)
            inert_.emplace();
    }
    ~Buffer() override { stream_.rdbuf(below_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    // What holds no foreign text but printable one.
    void write_as_it_is(std::string_view text) {
        below_->sputn(text.data(), static_cast<std::streamsize>(text.size()));
    }

  protected:
    std::streamsize xsputn(const char* text, std::streamsize size) override {
        std::string clean = printable_lines({text, static_cast<std::size_t>(size)});
        if (inert_)
            clean = inert_->pass(clean);
        const auto clean_size = static_cast<std::streamsize>(clean.size());
        return below_->sputn(clean.data(), clean_size) == clean_size ? size : 0;
    }
    int_type overflow(int_type character) override {
        if (traits_type::eq_int_type(character, traits_type::eof()))
            return traits_type::not_eof(character);
        const char one = traits_type::to_char_type(character);
        return xsputn(&one, 1) == 1 ? character : traits_type::eof();
    }
    int sync() override { return below_->pubsync(); }

  private:
    std::ostream& stream_;
    std::streambuf* below_;
    std::optional<InertText> inert_;
};

PrintableStreams::PrintableStreams(bool is_workflow_step)
    : output_(std::make_unique<Buffer>(std::cout, false)),
      error_(std::make_unique<Buffer>(std::cerr, is_workflow_step)) {}

PrintableStreams::~PrintableStreams() = default;

std::ostream& operator<<(std::ostream& stream, const Painted& painted) {
    const std::string text = painted.colors.paint(painted.style, printable(painted.text));
    if (auto* const buffer = dynamic_cast<PrintableStreams::Buffer*>(stream.rdbuf()))
        buffer->write_as_it_is(text);
    else
        stream << text;
    return stream;
}

bool is_output_lost() {
    return std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.flush();
}

int finish_output(int exit_status) {
    errno = 0;
    if (!is_output_lost())
        return exit_status;
    const int reason = errno;
    std::cerr << "glovebox: standard output could not be written";
    if (reason != 0)
        std::cerr << ": " << std::strerror(reason);
    std::cerr << '\n';
    return exit_status == exit_done ? exit_failed : exit_status;
}

}  // namespace glovebox::command_line
