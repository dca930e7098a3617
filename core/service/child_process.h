// SPDX-License-Identifier: Apache-2.0

// A program that runs beside this one: its output a line at a time, its end as a status.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/streambuf.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace glovebox::core {

struct Command {
    std::vector<std::string> arguments;  // the first is the program, found in PATH
    // Variables beside this process's own, which they replace.
    std::vector<std::pair<std::string, std::string>> environment = {};
    std::string directory = {};  // where it runs; empty: here
    // A service gets /dev/null, two pipes that are read here, and a process group of its own, so
    // that Ctrl-C reaches it by send_signal() alone. Otherwise it shares this process's terminal.
    bool is_service = true;
    // The soft limit on open descriptors; none: this process's.
    std::optional<std::size_t> descriptors_max = std::nullopt;
};

class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
  public:
    enum class Output { standard_output, standard_error };
    using OnLine = std::function<void(Output output, const std::string& line)>;

    // Started; it gets SIGTERM should the calling thread end before it. `on_line` is called for
    // each line of a service, and `on_output_end` once nobody can write to its pipes any more, both
    // from the context.
    [[nodiscard]] static Result<std::shared_ptr<ChildProcess>> start(
        boost::asio::io_context& context, const Command& command, OnLine on_line,
        std::function<void()> on_output_end = {});

    // Asks the kernel, and remembers: the exit status, or 128 and the signal. Nothing while it
    // runs.
    [[nodiscard]] std::optional<int> status();
    // Whether all that it has written was handed to `on_line`. A process that it left behind may
    // hold its pipes open.
    [[nodiscard]] bool output_has_ended() const { return open_outputs_ == 0; }
    // Of a service its whole group.
    void send_signal(int number);

  private:
    ChildProcess(pid_t process, bool is_service, OnLine on_line,
                 std::function<void()> on_output_end);
    struct Pipe;
    void read(const std::shared_ptr<Pipe>& pipe);

    pid_t process_;
    bool is_service_;
    OnLine on_line_;
    std::function<void()> on_output_end_;
    int open_outputs_;
    std::optional<int> status_;
};

}  // namespace glovebox::core
