// SPDX-License-Identifier: Apache-2.0

// A program that runs beside us: its output a line at a time, its end as a status. For processes
// with one thread.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/streambuf.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/up/world_file.h"

namespace glovebox::up {

struct Command {
    std::vector<std::string> arguments;  // the first is the program, found in PATH
    Environment environment;             // in addition to this process's
    std::string directory;               // where it runs; empty: here
    // A service gets /dev/null, pipes that are read here, and a process group of its own, so that
    // Ctrl-C reaches it by us alone. Otherwise it shares our terminal.
    bool is_service = true;
};

class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
  public:
    using OnLine = std::function<void(const std::string& line)>;

    // Started; it gets SIGTERM should we be killed. `on_line` is called for each line of a service,
    // from the context, until both of its pipes have ended.
    [[nodiscard]] static Result<std::shared_ptr<ChildProcess>> start(
        boost::asio::io_context& context, const Command& command, OnLine on_line);

    // Asks the kernel, and remembers: the exit status, or 128 and the signal. Nothing while it
    // runs.
    [[nodiscard]] std::optional<int> status();
    // Of a service its whole group.
    void send_signal(int number);

  private:
    ChildProcess(pid_t process, bool is_service, OnLine on_line);
    struct Pipe;
    void read(const std::shared_ptr<Pipe>& pipe);

    pid_t process_;
    bool is_service_;
    OnLine on_line_;
    std::optional<int> status_;
};

}  // namespace glovebox::up
