#include "sim/enclave/session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "sim/enclave/boot_heartbeat.h"
#include "sim/enclave/children.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/supervisor/syscall_filter.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::enclave {
namespace {

std::int64_t milliseconds_now(const Clock& clock) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().time_since_epoch())
        .count();
}

int exit_status_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Session::Session(transports::World& world, const Clock& clock, Log& log)
    : world_(world),
      clock_(clock),
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
    if (console_ != nullptr)
        console_->finish();
    end_record(options);
    return *exit_status_;
}

Result<void> Session::start(const RunOptions& options) {
    supervisor::SupervisorConfig config;
    config.nsm = options.nsm;
    if (!options.is_parent) {
        auto claim = CidClaim::make(world_.directory(), options.cid);
        if (!claim)
            return claim.error();
        config.own = claim->cid();
        claim_.emplace(std::move(*claim));
        const auto heard = send_boot_heartbeat(world_, config.own, signals_.fd());
        if (!heard)
            return heard.error();
        log_.debug("CID {} boots; its heartbeat {}", config.own,
                   *heard ? "was answered on the parent's port 9000"
                          : "found nobody listening on the parent's port 9000");
    }
    const auto filter =
        supervisor::make_filter({.nsm = options.nsm != nullptr, .trace = options.trace});
    if (!filter)
        return filter.error();
    auto listener =
        options.room ? start_in_room(options, *filter) : start_program(options, *filter);
    if (!listener && options.room && options.room_is_a_wish &&
        listener.error().code == sandbox::SandboxErrc::namespaces_forbidden) {
        log_.warning("running with --isolation none, since {}", listener.error().message);
        listener = start_program(options, *filter);
    }
    if (!listener)
        return listener.error();
    // A room has a /dev of its own, and no way out to us. Its PID 1 may not be looked into, the
    // program may.
    if (room_)
        config.dev = supervisor::DeviceFolder::at(
            fmt::format("/proc/{}/root/dev", room_->program_process()), true);
    else
        config.control_door = [this](pid_t thread) { return open_door(thread); };
    names_.emplace(config.own, world_);
    if (options.trace) {
        config.trace = true;
        config.traffic = &traffic_.emplace(log_);
    }
    supervisor_ = std::make_unique<supervisor::Supervisor>(std::move(*listener), std::move(config),
                                                           world_, *names_, log_);
    if (!options.is_parent)
        begin_record(options);
    return {};
}

Result<UniqueFd> Session::start_program(const RunOptions& options,
                                        const std::vector<sock_filter>& filter) {
    supervisor::Program program = options.program;
    program.inherited = inherited_;
    program.extra_environment.push_back("GLOVEBOX_WORLD=" + world_.path());
    auto launched = supervisor::launch(program, filter);
    if (!launched)
        return launched.error();
    process_ = launched->process;
    return std::move(launched->listener);
}

Result<UniqueFd> Session::start_in_room(const RunOptions& options,
                                        const std::vector<sock_filter>& filter) {
    // The sandbox's hook can only install the filter; whether it will be obeyed is asked before.
    if (const auto probed = supervisor::probe_supervision(filter); !probed)
        return probed.error();
    Console& console = *options.console;
    const int end = console.program_end();
    auto started = SandboxedProgram::start(*options.room, filter, {end, end, end});
    if (!started)
        return started.error();
    room_ = std::move(*started);
    process_ = room_->init_process();
    for (const std::string& note : room_->notes())
        log_.info("{}", note);
    auto file = make_console_file(world_.directory(), claim_->cid());
    if (!file)
        return file.error();
    console_ = &console;
    console.record(std::move(*file), options.live_console ? STDOUT_FILENO : -1);
    return room_->take_listener();
}

void Session::begin_record(const RunOptions& options) {
    record_ = options.record;
    record_->cid = claim_->cid();
    record_->process = ::getpid();
    record_->process_start = process_start_time(::getpid());
    record_->isolation = room_ ? "sandbox" : "none";
    record_->started = milliseconds_now(clock_);
    // Without it the enclave is not seen by `glovebox ps`; it runs all the same.
    if (const auto written = write_record(world_.directory(), *record_); !written)
        log_.warning("{}", written.error().message);
    if (options.started)
        options.started(*record_);
}

void Session::end_record(const RunOptions& options) {
    if (!record_)
        return;
    if (room_)
        wait_status_ = room_->program_status();
    record_->ended = milliseconds_now(clock_);
    record_->exit_status = *exit_status_;
    record_->was_stopped = power_is_off_;
    record_->reason = power_is_off_  ? "was stopped"
                      : wait_status_ ? describe_wait_status(*wait_status_)
                                     : "was killed with its PID 1";
    if (const auto written = write_record(world_.directory(), *record_); !written)
        log_.warning("{}", written.error().message);
    if (options.ended)
        options.ended(*record_, world_.directory());
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
    while (const auto number = signals_.next(!room_))
        if (*number == SIGCHLD)
            reap();
        else if (*number == power_off_signal)
            power_off();
        else if (!exit_status_)
            signal_program(*number);
}

void Session::signal_program(int number) const {
    if (room_)
        room_->send_signal(number);
    else
        ::kill(process_, number);
}

void Session::power_off() {
    power_is_off_ = true;
    if (room_) {
        room_->power_off();
        return;
    }
    for (const pid_t child : list_children())
        ::kill(child, SIGKILL);
}

void Session::reap() {
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (child == process_) {
            exit_status_ = exit_status_of(status);
            if (!room_)
                wait_status_ = status;
        }
        for (Delegation& delegation : delegations_)
            if (delegation.process() == child)
                delegation.end(exit_status_of(status));
    }
    if (power_is_off_ && !room_)
        power_off();  // what its children left behind is ours now
}

}  // namespace glovebox::enclave
