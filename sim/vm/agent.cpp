// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "core/base/argument_pointers.h"
#include "core/base/leave_child.h"
#include "core/base/unique_fd.h"
#include "sim/vm/frame.h"
#include "sim/vm/write_all.h"

namespace glovebox::vm {
namespace {

// A port without its other end is at its end of file, and tells of no change.
constexpr int wait_for_peer_milliseconds = 20;
// For the output of processes that the command has left behind.
constexpr std::chrono::seconds left_behind_limit{1};

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;

    static Pipe make() {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            return {};
        return {UniqueFd(ends[0]), UniqueFd(ends[1])};
    }
};

// A command while it runs.
class Running {
  public:
    explicit Running(int port) : port_(port) {}
    ~Running() {
        if (process_ > 0) {
            ::kill(-process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    // errno, or 0.
    int start(RemoteCommand command);
    // Until it has ended and its output has been sent; false if the other end has gone.
    bool serve(FrameReader& frames);

  private:
    void take(const Frame& frame);
    // Whether the stream goes on.
    bool pass_on(UniqueFd& from, FrameKind kind);

    int port_;
    pid_t process_ = 0;
    UniqueFd pidfd_;
    UniqueFd input_;
    UniqueFd output_;
    UniqueFd errors_;
    std::string pending_input_;
    bool input_ends_ = false;
};

int Running::start(RemoteCommand command) {
    Pipe input = Pipe::make();
    Pipe output = Pipe::make();
    Pipe errors = Pipe::make();
    Pipe failure = Pipe::make();
    if (!failure.writer)
        return errno;
    const std::vector<char*> arguments = argument_pointers(command.arguments);
    const std::vector<char*> environment = argument_pointers(command.environment);
    process_ = ::fork();
    if (process_ < 0)
        return errno;
    if (process_ == 0) {
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(input.reader.get(), STDIN_FILENO);
        ::dup2(output.writer.get(), STDOUT_FILENO);
        ::dup2(errors.writer.get(), STDERR_FILENO);
        if (::chdir(command.folder.c_str()) == 0)
            ::execvpe(arguments.front(), arguments.data(), environment.data());
        const int error = errno;
        (void)!::write(failure.writer.get(), &error, sizeof error);
        leave_child(127);
    }
    failure.writer.reset();
    int error = 0;
    if (::read(failure.reader.get(), &error, sizeof error) == sizeof error) {
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
        return error;
    }
    pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
    ::fcntl(input.writer.get(), F_SETFL, O_NONBLOCK);
    input_ = std::move(input.writer);
    output_ = std::move(output.reader);
    errors_ = std::move(errors.reader);
    return 0;
}

void Running::take(const Frame& frame) {
    if (frame.kind == FrameKind::signal)
        ::kill(-process_, frame.number());
    if (frame.kind != FrameKind::input)
        return;
    input_ends_ |= frame.content.empty();
    pending_input_ += frame.content;
}

bool Running::pass_on(UniqueFd& from, FrameKind kind) {
    std::string piece(piece_bytes, '\0');
    const ssize_t got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0) {
        from.reset();
        return true;
    }
    return write_all(port_, encode(kind, piece.substr(0, static_cast<std::size_t>(got))));
}

bool Running::serve(FrameReader& frames) {
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> ended_at;
    while (pidfd_ || ((output_ || errors_) && Clock::now() < *ended_at + left_behind_limit)) {
        while (const auto frame = frames.next())
            take(*frame);
        if (frames.is_broken())
            return false;
        if (pending_input_.empty() && input_ends_)
            input_.reset();
        std::array<pollfd, 5> polled{{{port_, POLLIN, 0},
                                      {output_.get(), POLLIN, 0},
                                      {errors_.get(), POLLIN, 0},
                                      {pidfd_.get(), POLLIN, 0},
                                      {pending_input_.empty() ? -1 : input_.get(), POLLOUT, 0}}};
        ::poll(polled.data(), polled.size(),
               pidfd_ ? -1 : static_cast<int>(left_behind_limit / std::chrono::milliseconds(1)));
        if ((polled[0].revents & POLLIN) != 0) {
            std::string piece(piece_bytes, '\0');
            const ssize_t got = ::read(port_, piece.data(), piece.size());
            if (got == 0)
                return false;
            if (got > 0)
                frames.take(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        } else if (polled[0].revents != 0) {
            return false;
        }
        if (polled[1].revents != 0 && !pass_on(output_, FrameKind::output))
            return false;
        if (polled[2].revents != 0 && !pass_on(errors_, FrameKind::errors))
            return false;
        if (polled[3].revents != 0) {
            pidfd_.reset();
            ended_at = Clock::now();
        }
        if (polled[4].revents != 0) {
            const ssize_t written =
                ::write(input_.get(), pending_input_.data(), pending_input_.size());
            if (written > 0)
                pending_input_.erase(0, static_cast<std::size_t>(written));
            else if (errno != EAGAIN && errno != EINTR)
                pending_input_.clear(), input_ends_ = true;  // nobody reads it
        }
    }
    int raw = 0;
    ::waitpid(process_, &raw, 0);
    process_ = 0;
    const int status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return write_all(port_, encode(FrameKind::ended, std::to_string(status)));
}

// One session: commands until the other end goes.
void serve_peer(int port) {
    FrameReader frames;
    std::string piece(piece_bytes, '\0');
    for (;;) {
        const auto frame = frames.next();
        if (frame) {
            const auto command = frame->kind == FrameKind::start
                                     ? RemoteCommand::decode(frame->content)
                                     : std::nullopt;
            if (!command)
                continue;
            Running running(port);
            if (const int error = running.start(*command); error != 0)
                (void)write_all(port, encode(FrameKind::failed, std::to_string(error)));
            else if (!running.serve(frames))
                return;
            continue;
        }
        const ssize_t got = ::read(port, piece.data(), piece.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || frames.is_broken())
            return;
        frames.take(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    }
}

[[noreturn]] void serve_port(int port) {
    ::signal(SIGPIPE, SIG_IGN);
    for (;;) {
        serve_peer(port);
        ::poll(nullptr, 0, wait_for_peer_milliseconds);
    }
}

}  // namespace

Result<void> start_agents(const std::vector<std::string>& ports) {
    const pid_t self = ::getpid();
    for (const std::string& name : ports) {
        const UniqueFd port(::open(name.c_str(), O_RDWR | O_CLOEXEC));
        if (!port)
            return errno_error("cannot open " + name, errno);
        const pid_t process = ::fork();
        if (process < 0)
            return errno_error("cannot serve " + name, errno);
        if (process == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != self)
                leave_child(1);
            serve_port(port.get());
        }
    }
    return {};
}

}  // namespace glovebox::vm
