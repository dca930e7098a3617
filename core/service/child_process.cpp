// SPDX-License-Identifier: Apache-2.0

#include "core/service/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/read_until.hpp>
#include <cerrno>
#include <cstring>
#include <istream>

#include "core/base/argument_pointers.h"
#include "core/base/unique_fd.h"

extern char** environ;

namespace glovebox::core {

namespace asio = boost::asio;

namespace {

// A longer line is cut here.
constexpr std::size_t line_bytes_max = 64 * 1024;

// "NAME=value" for all, the command's in the place of this process's.
std::vector<std::string> merged(const std::vector<std::pair<std::string, std::string>>& more) {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string_view text = *one;
        bool replaced = false;
        for (const auto& [name, value] : more)
            replaced |= text.starts_with(name + "=");
        if (!replaced)
            all.emplace_back(text);
    }
    for (const auto& [name, value] : more)
        all.push_back(name + "=" + value);
    return all;
}

void set_descriptors_max(std::size_t soft) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = soft;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The child's end, with errno for the parent.
[[noreturn]] void fail(int writer) {
    const int error = errno;
    static_cast<void>(!::write(writer, &error, sizeof error));
    ::_exit(127);
}

}  // namespace

struct ChildProcess::Pipe {
    Pipe(asio::io_context& context, int fd, Output which)
        : output(which), descriptor(context, fd), buffer(line_bytes_max) {}

    Output output;
    asio::posix::stream_descriptor descriptor;
    asio::streambuf buffer;
};

ChildProcess::ChildProcess(pid_t process, bool is_service, OnLine on_line,
                           std::function<void()> on_output_end)
    : process_(process),
      is_service_(is_service),
      on_line_(std::move(on_line)),
      on_output_end_(std::move(on_output_end)),
      open_outputs_(is_service ? 2 : 0) {}

Result<std::shared_ptr<ChildProcess>> ChildProcess::start(asio::io_context& context,
                                                          const Command& command, OnLine on_line,
                                                          std::function<void()> on_output_end) {
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = merged(command.environment);
    const std::vector<char*> argv = argument_pointers(arguments);
    const std::vector<char*> envp = argument_pointers(environment);
    std::array<int, 2> output{-1, -1};
    std::array<int, 2> errors{-1, -1};
    std::array<int, 2> failure{-1, -1};
    if (::pipe2(failure.data(), O_CLOEXEC) != 0 ||
        (command.is_service &&
         (::pipe2(output.data(), O_CLOEXEC) != 0 || ::pipe2(errors.data(), O_CLOEXEC) != 0)))
        return errno_error("cannot start " + arguments.front(), errno);
    const UniqueFd failure_reader(failure[0]);
    UniqueFd failure_writer(failure[1]);
    UniqueFd output_reader(output[0]);
    UniqueFd output_writer(output[1]);
    UniqueFd errors_reader(errors[0]);
    UniqueFd errors_writer(errors[1]);
    const pid_t self = ::getpid();
    const pid_t process = ::fork();
    if (process < 0)
        return errno_error("cannot start " + arguments.front(), errno);
    if (process == 0) {
        // Signals that main ignores or blocks are the program's own again.
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::signal(SIGXFSZ, SIG_DFL);
        if (command.descriptors_max)
            set_descriptors_max(*command.descriptors_max);
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != self)
            ::_exit(1);
        if (command.is_service) {
            ::setpgid(0, 0);
            const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            ::dup2(null, STDIN_FILENO);
            ::dup2(output_writer.get(), STDOUT_FILENO);
            ::dup2(errors_writer.get(), STDERR_FILENO);
        }
        if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0)
            fail(failure_writer.get());
        ::execvpe(argv.front(), argv.data(), envp.data());
        fail(failure_writer.get());
    }
    failure_writer.reset();
    output_writer.reset();
    errors_writer.reset();
    int error = 0;
    ssize_t size = 0;
    do
        size = ::read(failure_reader.get(), &error, sizeof error);
    while (size < 0 && errno == EINTR);
    if (size == sizeof error) {
        ::waitpid(process, nullptr, 0);
        return errno_error("cannot start " + arguments.front(), error);
    }
    std::shared_ptr<ChildProcess> child(new ChildProcess(
        process, command.is_service, std::move(on_line), std::move(on_output_end)));
    if (command.is_service) {
        child->read(
            std::make_shared<Pipe>(context, output_reader.release(), Output::standard_output));
        child->read(
            std::make_shared<Pipe>(context, errors_reader.release(), Output::standard_error));
    }
    return child;
}

void ChildProcess::read(const std::shared_ptr<Pipe>& pipe) {
    asio::async_read_until(
        pipe->descriptor, pipe->buffer, '\n',
        [self = shared_from_this(), pipe](const boost::system::error_code& error, std::size_t) {
            std::istream stream(&pipe->buffer);
            std::string line;
            // The last line may lack its end; one that is too long comes in pieces.
            if (pipe->buffer.size() > 0 && std::getline(stream, line))
                self->on_line_(pipe->output, line);
            if (!error || error == asio::error::not_found || pipe->buffer.size() > 0) {
                self->read(pipe);
                return;
            }
            if (--self->open_outputs_ == 0 && self->on_output_end_)
                self->on_output_end_();
        });
}

std::optional<int> ChildProcess::status() {
    if (status_)
        return status_;
    int raw = 0;
    if (::waitpid(process_, &raw, WNOHANG) == process_)
        status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return status_;
}

void ChildProcess::send_signal(int number) {
    if (!status())
        ::kill(is_service_ ? -process_ : process_, number);
}

}  // namespace glovebox::core
