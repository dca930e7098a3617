// SPDX-License-Identifier: Apache-2.0

#include "core/service/serve_around.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <exception>
#include <memory>
#include <optional>

#include "core/base/unique_fd.h"
#include "core/service/child_process.h"

namespace glovebox::core {
namespace {

constexpr int exit_not_executable = 126;
constexpr int exit_not_found = 127;

// SIGCHLD and those that end a process by default; not SIGKILL and those that report a defect of
// this process itself.
sigset_t watched_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
                             SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT, SIGXCPU, SIGPWR})
        ::sigaddset(&set, number);
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number)
        ::sigaddset(&set, number);
    return set;
}

class CommandWatch {
  public:
    CommandWatch(boost::asio::io_context& context, std::function<void()> stop)
        : signals_(context), stop_(std::move(stop)) {
        const sigset_t set = watched_signals();
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!fd)
            throw ErrorException(errno_error("signalfd", errno));
        signals_.assign(fd.release());
    }

    // Until the command has ended; `stop` has been called then.
    void follow(std::shared_ptr<ChildProcess> command) {
        command_ = std::move(command);
        wait();
    }
    void cancel() { signals_.cancel(); }
    [[nodiscard]] std::optional<int> status() const { return status_; }

  private:
    void wait() {
        signals_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                            [this](const boost::system::error_code& failure) {
                                if (failure)
                                    return;
                                take_signals();
                                wait();
                            });
    }
    void take_signals() {
        signalfd_siginfo signal{};
        while (::read(signals_.native_handle(), &signal, sizeof signal) == sizeof signal) {
            const int number = static_cast<int>(signal.ssi_signo);
            if (number == SIGCHLD) {
                look();
            } else if (status_) {
                stop_();  // open connections get no more time
            } else if (signal.ssi_code != SI_KERNEL) {
                command_->send_signal(number);
            }
        }
    }
    void look() {
        if (status_)
            return;
        status_ = command_->status();
        if (status_)
            stop_();
    }

    boost::asio::posix::stream_descriptor signals_;
    std::function<void()> stop_;
    std::shared_ptr<ChildProcess> command_;
    std::optional<int> status_;
};

}  // namespace

int serve_around(const std::vector<std::string>& arguments, const DescriptorLimit& limit,
                 boost::asio::io_context& context, Log& log, boost::asio::awaitable<void> serve,
                 const std::function<void()>& stop) {
    CommandWatch watch(context, stop);
    Command command;
    command.arguments = arguments;
    command.is_service = false;
    command.descriptors_max = limit.before;
    auto started = ChildProcess::start(context, command, {});
    if (!started) {
        log.error("not_started", "{}", field("error", started.error().message));
        return started.error().code == boost::system::errc::no_such_file_or_directory
                   ? exit_not_found
                   : exit_not_executable;
    }
    watch.follow(std::move(*started));
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(serve), [&](const std::exception_ptr& exception) {
        thrown = exception;
        watch.cancel();
    });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return watch.status().value_or(exit_not_executable);
}

}  // namespace glovebox::core
