#include "sim/enclave/session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sim/supervisor/syscall_filter.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::enclave {
namespace {

int exit_status_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Session::Session(transports::World& world, Log& log)
    : world_(world),
      log_(log),
      inherited_(supervisor::InheritedState::now()),
      door_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!door_event_)
        throw ErrorException(errno_error("eventfd", errno));
    if (const auto adopted = supervisor::become_subreaper(); !adopted)
        throw ErrorException(adopted.error());
    // A descriptor each for waiting calls, connections on their way, threads that are known.
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<int> Session::run(const RunOptions& options) {
    if (const auto started = start(options); !started)
        return started.error();
    while (!exit_status_ || supervisor_ || !delegations_.empty())
        wait_for_events();
    // A filter's end is told a moment before the last process's sockets are closed; its own end, a
    // moment after.
    while (!names_->sweep() && ::waitpid(-1, nullptr, 0) > 0) {
    }
    return *exit_status_;
}

Result<void> Session::start(const RunOptions& options) {
    supervisor::SupervisorConfig config;
    config.nsm = options.nsm;
    config.metadata = options.metadata;
    config.control_door = [this](pid_t thread) { return open_door(thread); };
    if (!options.is_parent) {
        auto claim = CidClaim::make(world_.directory(), options.cid);
        if (!claim)
            return claim.error();
        config.own = claim->cid();
        claim_.emplace(std::move(*claim));
    }
    const auto filter =
        supervisor::make_filter({.nsm = options.nsm != nullptr, .trace = options.trace});
    if (!filter)
        return filter.error();
    supervisor::Program program = options.program;
    program.inherited = inherited_;
    program.extra_environment.push_back("GLOVEBOX_WORLD=" + world_.path());
    auto launched = supervisor::launch(program, *filter);
    if (!launched)
        return launched.error();
    process_ = launched->process;
    names_.emplace(config.own, world_);
    if (options.trace) {
        config.trace = true;
        config.traffic = &traffic_.emplace(log_);
    }
    supervisor_ = std::make_unique<supervisor::Supervisor>(
        std::move(launched->listener), std::move(config), world_, *names_, log_);
    return {};
}

// Called by the supervisor's thread.
supervisor::OrErrno<UniqueFd> Session::open_door(pid_t thread) {
    const auto status = supervisor::read_thread_status(thread);
    if (!status || status->user != ::geteuid())
        return supervisor::Errno{EPERM};
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return supervisor::Errno{errno};
    {
        const std::lock_guard lock(mutex_);
        new_clients_.emplace_back(ends[0]);
    }
    ::eventfd_write(door_event_.get(), 1);
    return UniqueFd(ends[1]);
}

void Session::wait_for_events() {
    std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}, {door_event_.get(), POLLIN, 0}};
    fds.push_back({supervisor_ ? supervisor_->listener() : -1, 0, 0});  // for POLLHUP
    for (const Delegation& delegation : delegations_)
        fds.push_back({delegation.channel(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), -1);

    auto ready = fds.begin() + 3;
    for (Delegation& delegation : delegations_)
        if ((ready++)->revents != 0)
            delegation.take_message();
    take_signals();
    eventfd_t count = 0;
    if (::eventfd_read(door_event_.get(), &count) == 0) {
        const std::lock_guard lock(mutex_);
        for (UniqueFd& client : new_clients_)
            delegations_.emplace_back(std::move(client), inherited_);
        new_clients_.clear();
    }
    delegations_.remove_if([](const Delegation& one) { return one.is_over(); });
    if ((fds[2].revents & POLLHUP) != 0)
        supervisor_.reset();
}

void Session::take_signals() {
    while (const auto number = signals_.next())
        if (*number == SIGCHLD)
            reap();
        else if (!exit_status_)
            ::kill(process_, *number);
}

void Session::reap() {
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (child == process_)
            exit_status_ = exit_status_of(status);
        for (Delegation& delegation : delegations_)
            if (delegation.process() == child)
                delegation.end(exit_status_of(status));
    }
}

}  // namespace glovebox::enclave
