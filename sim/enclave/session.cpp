// SPDX-License-Identifier: Apache-2.0

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
#include <cstring>
#include <sstream>
#include <string>

#include "core/confinement/supervisor_confinement.h"
#include "core/relay/hop_resets.h"
#include "core/service/process_setup.h"
#include "sim/enclave/boot_heartbeat.h"
#include "sim/enclave/children.h"
#include "sim/enclave/kernel_end.h"
#include "sim/enclave/refused_connection.h"
#include "sim/enclave/sandbox_probe.h"
#include "sim/supervisor/interception.h"
#include "sim/supervisor/namespace_id.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::enclave {
namespace {

// The most explanations for one program, which may be scanning ports.
constexpr std::size_t explained_max = 32;

// How often the kernel is asked for a listener, of which it tells nobody.
constexpr int kernel_interval_milliseconds = 50;

constexpr const char* isolation_sandbox = "sandbox";
constexpr const char* isolation_none = "none";

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
    // A reader of the live console or of the messages may go; the enclave stays.
    core::ignore_sigpipe();
    // Waiting calls, connections on their way, and known threads need a descriptor each.
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<int> Session::run(const RunOptions& options) {
    if (const auto started = start(options); !started)
        return started.error();
    while (!exit_status_ || supervisor_ || !delegations_.empty())
        wait_for_events(options);
    // An init that ends with its answer in hand has sent it all the same.
    pollfd heartbeat{options.heartbeat.answered, POLLIN, 0};
    if (awaits_heartbeat_ && ::poll(&heartbeat, 1, 0) == 1)
        look_for_heartbeat(options, true);
    // The end of a filter is reported before the last process's sockets are closed, the process's
    // own end after that.
    bool has_children = true;  // a tracer may have reaped the last one
    while (!names_->sweep() && has_children)
        has_children = ::waitpid(-1, nullptr, 0) > 0;
    if (console_ != nullptr) {
        write_kernels_end();
        console_->finish();
    }
    end_record(options);
    if (wait_status_ && WIFSIGNALED(*wait_status_) && WTERMSIG(*wait_status_) == SIGPIPE)
        log_.warning("program_killed", "the program was {}",
                     field("status", describe_wait_status(*wait_status_)));
    if (awaits_heartbeat_ && !power_is_off_)
        not_ready_ = Error(
            boost::system::errc::make_error_code(boost::system::errc::not_connected),
            fmt::format("the image's init {} before it sent the heartbeat, the byte 0xB7 to CID 3, "
                        "port 9000",
                        record_->reason));
    else if (readiness_ && !power_is_off_)
        not_ready_ = Error(boost::system::errc::make_error_code(boost::system::errc::not_connected),
                           fmt::format("the enclave ended before it listened on vsock port {}: its "
                                       "program {}",
                                       *options.readiness.port, record_->reason));
    if (not_ready_)
        return *not_ready_;
    return *exit_status_;
}

Result<void> Session::start(const RunOptions& options) {
    supervisor::SupervisorConfig config;
    config.nsm = options.nsm;
    config.metadata = options.metadata;
    config.kernel_vsock = options.kernel_vsock;
    config.filters = supervisor::filters_of_programs();
    if (!options.is_parent) {
        reservation_ = options.reservation;
        if (!reservation_) {
            auto reserved = Reservation::make(world_.directory(), options.cid);
            if (!reserved)
                return reserved.error();
            reservation_ = std::move(*reserved);
        }
        config.own = reservation_->cid();
    }
    if (options.nsm != nullptr)
        if (auto faults = fault::Client::find(world_.directory()))
            config.nsm = &faulty_nsm_.emplace(*options.nsm, std::move(faults), config.own,
                                              options.module_clock, log_);
    runs_init_ = options.room && options.room->program_is_init;
    if (!options.is_parent && !runs_init_ && !options.kernel_vsock) {
        const auto heard = send_boot_heartbeat(world_, config.own, signals_.fd());
        if (!heard)
            return heard.error();
        log_.debug("boot", "CID {} boots; its heartbeat {}", field("cid", config.own),
                   *heard ? "was answered on the parent's port 9000"
                          : "found nobody listening on the parent's port 9000");
    }
    if (const auto watched = watch_for_readiness(options); !watched)
        return watched.error();
    const bool has_nsm = options.nsm != nullptr;
    const supervisor::FilterOptions filtered{
        .nsm = has_nsm, .root = !options.is_parent, .stack_limit = supervisor::has_stack_limit()};
    if (!options.is_parent)
        if (const auto begun = begin_record(options); !begun)
            return begun.error();
    auto listener =
        options.room ? start_in_room(options, filtered) : start_program(options, filtered, {});
    Error reason = listener ? Error() : listener.error();
    const bool has_no_sandbox = !listener && options.room && is_without_sandboxes(reason);
    if (has_no_sandbox && !options.room_is_a_wish) {
        listener = std::move(reason);
    } else if (has_no_sandbox) {
        // Of a denial of AF_VSOCK the line about the tracer tells.
        if (!supervisor::is_vsock_denial(reason))
            log_.warning("no_sandbox", "running with --isolation none, since {}",
                         field("error", reason.message));
        listener = start_program(options, filtered,
                                 options.variables_without_room ? options.variables_without_room()
                                                                : std::vector<std::string>());
        if (record_ && listener) {
            console_file_.reset();
            ::unlinkat(world_.directory(), console_file_name(config.own).c_str(), 0);
            record_->isolation = isolation_none;
            write_record();
        }
    }
    if (!listener) {
        record_.reset();
        return listener.error();
    }
    if (reservation_)
        reservation_->begun();
    // A sandbox has its own /dev, and cannot reach this process. The memory of its PID 1 cannot be
    // read, that of the program can.
    if (room_)
        config.dev = supervisor::DeviceFolder::at(
            fmt::format("/proc/{}/root/dev", room_->program_process()), true);
    else
        config.control_door = [this](pid_t thread) { return open_door(thread); };
    if (runs_init_)
        config.attach = [this](supervisor::InitMounts::Kind kind, int target) {
            return room_->attach(kind, target);
        };
    if (!options.is_parent) {
        supervisor::EnclaveFacts& facts = config.enclave.emplace();
        facts.is_sandbox = room_ != nullptr;
        facts.first_program = room_ ? room_->program_process() : ::getpid();
        facts.user_namespace = supervisor::namespace_of(facts.first_program, "user");
        if (room_) {
            facts.memory_bytes = options.room->memory_bytes;
            facts.cpus = options.room->cpus;
        }
    }
    if (loses_privileges_)
        supervisor::SetuidNotice(log_).look(
            supervisor::find_executable(options.program.arguments.front()), ::geteuid());
    names_.emplace(config.own, world_);
    config.refused = [this](core::VsockAddress target) { explain_refusal(target); };
    config.trace = options.trace;
    if (options.trace || options.trace_connections || options.trace_traffic > 0)
        config.traffic = &traffic_.emplace(log_, options.trace_traffic);
    config.tracer = tracer_.get();
    // Without a sandbox /dev/glovebox has this process start programs (delegation.h).
    if (room_)
        core::confine_supervisor({.other_sockets = options.kernel_vsock}, log_);
    supervisor_ = std::make_unique<supervisor::Supervisor>(std::move(*listener), std::move(config),
                                                           world_, *names_, log_);
    awaits_heartbeat_ = runs_init_ && options.heartbeat.answered >= 0;
    heartbeat_deadline_ = std::chrono::steady_clock::now() + options.heartbeat.limit;
    if (record_ && !awaits_heartbeat_)
        announce(options);
    return {};
}

Result<UniqueFd> Session::start_program(const RunOptions& options,
                                        supervisor::FilterOptions filtered,
                                        std::vector<std::string> variables) {
    loses_privileges_ = supervisor::loses_privileges();
    filtered.exec = loses_privileges_;
    supervisor::Program program = options.program;
    program.inherited = inherited_;
    std::move(variables.begin(), variables.end(), std::back_inserter(program.extra_environment));
    program.extra_environment.push_back("GLOVEBOX_WORLD=" + world_.path());
    auto launched = supervisor::intercept(
        filtered, tracer_, [&](const std::vector<sock_filter>& filter, supervisor::Tracer* tracer) {
            return supervisor::launch(program, filter, loses_privileges_, tracer);
        });
    if (!launched)
        return launched.error();
    if (tracer_)
        log_.warning("relabels",
                     "this container's system call filter denies AF_VSOCK: the program runs with "
                     "--isolation none and is traced (ptrace), and each of its connections takes "
                     "about 0.4 ms more; glovebox doctor says what is lost");
    keeper_ = std::move(launched->keeper);
    process_ = keeper_->program();
    return std::move(launched->listener);
}

Result<UniqueFd> Session::start_in_room(const RunOptions& options,
                                        supervisor::FilterOptions filtered) {
    filtered.sandbox = true;
    filtered.init = runs_init_;
    const auto filter = supervisor::make_filter(filtered);
    if (!filter)
        return filter.error();
    // The sandbox's hook can only install the filter, so check before whether supervision works. It
    // does where no other filter is in force, and the check takes two forks.
    if (supervisor::is_under_filters())
        if (const auto probed = supervisor::probe_supervision(*filter); !probed)
            return probed.error();
    Console& console = *options.console;
    const int end = console.program_end();
    auto started = SandboxedProgram::start(*options.room, *filter, {end, end, end});
    if (!started)
        return started.error();
    room_ = std::move(*started);
    process_ = room_->init_process();
    for (const std::string& note : room_->notes())
        log_.info("sandbox", "{}", note);
    for (const std::string& shortfall : room_->shortfalls())
        log_.log(options.shortfalls, "sandbox_limit", "{}", shortfall);
    console_ = &console;
    console.record(std::move(console_file_), options.live_console ? STDOUT_FILENO : -1);
    return room_->take_listener();
}

// Called before the program's first instruction: anybody who hears from the program finds its
// enclave, even if this process is killed meanwhile. The console's file comes first, because
// whoever finds the enclave reads it.
Result<void> Session::begin_record(const RunOptions& options) {
    if (options.room) {
        auto file = make_console_file(world_.directory(), reservation_->cid());
        if (!file)
            return file.error();
        console_file_ = std::move(*file);
    }
    record_ = options.record;
    record_->cid = reservation_->cid();
    name_own_process(*record_);
    record_->isolation = options.room ? isolation_sandbox : isolation_none;
    record_->started = unix_milliseconds(clock_.now());
    write_record();
    return {};
}

// Without a record `glovebox ps` does not list the enclave, but it runs.
void Session::write_record() {
    if (const auto written = enclave::write_record(world_.directory(), *record_); !written)
        log_.warning("no_record", "{}", field("error", written.error().message));
}

// The program has been executed.
void Session::announce(const RunOptions& options) {
    if (options.started)
        options.started(*record_);
    if (readiness_)
        look_for_readiness(options);
    else if (options.readiness.reached)
        options.readiness.reached(*record_, world_.directory());
}

// Begins before the program, so that no listener is missed.
Result<void> Session::watch_for_readiness(const RunOptions& options) {
    if (!options.readiness.port)
        return {};
    auto watch = transports::ListenerWatch::make(world_);
    if (!watch)
        return watch.error();
    readiness_.emplace(std::move(*watch));
    asks_kernel_ = options.kernel_vsock;
    readiness_deadline_ = std::chrono::steady_clock::now() + options.readiness.limit;
    return {};
}

// The kernel's sockets are those of the network namespace that the program was started in.
bool Session::is_listening(const RunOptions& options) {
    const core::VsockAddress awaited{record_->cid, *options.readiness.port};
    if (!options.kernel_vsock)
        return readiness_->is_listening(awaited);
    if (!kernel_listeners_)
        if (auto made = KernelListeners::of(room_ ? room_->program_process() : process_))
            kernel_listeners_.emplace(std::move(*made));
    return kernel_listeners_ && kernel_listeners_->has(awaited.port).value();
}

void Session::look_for_readiness(const RunOptions& options) {
    const core::VsockAddress awaited{record_->cid, *options.readiness.port};
    if (is_listening(options)) {
        readiness_.reset();
        if (options.readiness.reached)
            options.readiness.reached(*record_, world_.directory());
        return;
    }
    if (exit_status_ || std::chrono::steady_clock::now() < readiness_deadline_)
        return;
    readiness_.reset();
    not_ready_ = Error(boost::system::errc::make_error_code(boost::system::errc::timed_out),
                       fmt::format("the enclave was not ready within {}: {}. It was ended; --ready "
                                   "names the port that is waited for, --ready-timeout how long",
                                   format_duration(options.readiness.limit),
                                   describe_destination(core::cid_parent, awaited,
                                                        WorldView::read(world_, clock_))));
    power_off();
}

void Session::look_for_heartbeat(const RunOptions& options, bool is_answered) {
    if (is_answered) {
        awaits_heartbeat_ = false;
        announce(options);
        return;
    }
    if (exit_status_ || std::chrono::steady_clock::now() < heartbeat_deadline_)
        return;
    awaits_heartbeat_ = false;
    not_ready_ = Error(
        boost::system::errc::make_error_code(boost::system::errc::timed_out),
        fmt::format("the image's init has not sent the heartbeat within {}, the byte 0xB7 to CID "
                    "3, port 9000. The enclave was ended",
                    format_duration(options.heartbeat.limit)));
    power_off();
}

// The last line of a kernel whose init has ended.
void Session::write_kernels_end() {
    if (!runs_init_ || power_is_off_ || !wait_status_ || is_power_off(*wait_status_))
        return;
    const std::string line = panic_line(static_cast<unsigned>(*wait_status_));
    (void)!::write(console_->program_end(), line.data(), line.size());
}

// For poll(2): until the deadline of heartbeat or readiness, rounded up; -1 without one.
int Session::milliseconds_to_wait() const {
    if (!readiness_ && !awaits_heartbeat_)
        return -1;
    const auto deadline = !readiness_          ? heartbeat_deadline_
                          : !awaits_heartbeat_ ? readiness_deadline_
                                               : std::min(readiness_deadline_, heartbeat_deadline_);
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int longest = asks_kernel_ ? kernel_interval_milliseconds : 60'000;
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest));
}

void Session::end_record(const RunOptions& options) {
    if (!record_)
        return;
    if (room_ && !runs_init_)
        wait_status_ = room_->program_status();
    record_->ended = unix_milliseconds(clock_.now());
    record_->exit_status = *exit_status_;
    record_->was_stopped = power_is_off_;
    record_->was_asked = !power_is_off_ && passed_on_ != 0 && wait_status_ &&
                         has_ended_by(*wait_status_, passed_on_);
    record_->reason = power_is_off_ ? "was stopped"
                      : record_->was_asked
                          ? fmt::format("was ended by SIG{}", ::sigabbrev_np(passed_on_) == nullptr
                                                                  ? std::to_string(passed_on_)
                                                                  : ::sigabbrev_np(passed_on_))
                      : wait_status_ && runs_init_ && is_power_off(*wait_status_) ? "powered off"
                      : wait_status_ ? describe_wait_status(*wait_status_)
                                     : "was killed with its PID 1";
    write_record();
    if (options.ended)
        options.ended(*record_, world_.directory());
}

// Called by the supervisor's thread.
supervisor::OrErrno<UniqueFd> Session::open_door(pid_t thread) {
    const auto status = supervisor::read_thread_status(thread);
    if (!status || status->users.effective != ::geteuid())
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

// Called by the supervisor's thread. Explains once for each destination, because programs dial
// repeatedly until somebody listens.
void Session::explain_refusal(core::VsockAddress target) {
    if (core::is_reset_port(target.port))
        return;  // a forwarder's own, before it dials what its user named
    if (explained_.size() >= explained_max || !explained_.insert(target).second)
        return;
    const core::Cid own = reservation_ ? reservation_->cid() : core::cid_parent;
    std::istringstream text(enclave::explain_refusal(own, target, WorldView::read(world_, clock_)));
    for (std::string line; std::getline(text, line);)  // the log escapes line ends
        log_.warning("refused", "{}", line, field("target", core::to_string(target)),
                     field("cid", target.cid), field("port", target.port));
    if (explained_.size() == explained_max)
        log_.warning("refused", "{} destinations were refused; further ones are not explained",
                     explained_max);
}

void Session::wait_for_events(const RunOptions& options) {
    std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}, {door_event_.get(), POLLIN, 0}};
    fds.push_back({supervisor_ ? supervisor_->listener() : -1, 0, 0});  // for POLLHUP
    fds.push_back({readiness_ ? readiness_->fd() : -1, POLLIN, 0});
    fds.push_back({keeper_ && !exit_status_ ? keeper_->fd() : -1, POLLIN, 0});
    fds.push_back({awaits_heartbeat_ ? options.heartbeat.answered : -1, POLLIN, 0});
    fds.push_back({tracer_ && !exit_status_ ? tracer_->end_event() : -1, POLLIN, 0});
    for (const Delegation& delegation : delegations_)
        fds.push_back({delegation.channel(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), milliseconds_to_wait());

    auto ready = fds.begin() + 7;
    for (Delegation& delegation : delegations_)
        if ((ready++)->revents != 0)
            delegation.take_message();
    take_program_end();
    take_signals();
    eventfd_t count = 0;
    if (::eventfd_read(door_event_.get(), &count) == 0) {
        const std::lock_guard lock(mutex_);
        for (UniqueFd& client : new_clients_)
            delegations_.emplace_back(std::move(client), inherited_);
        new_clients_.clear();
    }
    delegations_.remove_if([](const Delegation& one) { return one.is_over(); });
    if (awaits_heartbeat_)
        look_for_heartbeat(options, (fds[5].revents & POLLIN) != 0);
    if ((fds[2].revents & POLLHUP) != 0)
        supervisor_.reset();
    if (readiness_)
        look_for_readiness(options);
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

void Session::signal_program(int number) {
    if (runs_init_) {
        // On Nitro nobody can send PID 1 a signal, and from outside it ignores most.
        power_off();
        return;
    }
    passed_on_ = number;
    if (room_)
        room_->send_signal(number);
    else
        ::kill(process_, number);
}

// Before each signal for the program too: its ID is its own until the keeper has told of its end.
void Session::take_program_end() {
    if (!keeper_ || exit_status_)
        return;
    if (const auto status = keeper_->take_wait_status())
        end_program(*status);
    else if (const auto seen = tracer_ ? tracer_->wait_status() : std::nullopt)
        end_program(*seen);
}

void Session::end_program(int wait_status) {
    exit_status_ = runs_init_ && !power_is_off_ ? exit_status_of_init(wait_status)
                                                : exit_status_of(wait_status);
    if (!room_ || runs_init_)
        wait_status_ = wait_status;
    // The end of its first process is an enclave's own. What a parent's has started goes on.
    if (reservation_ && !room_)
        end_processes();
}

void Session::power_off() {
    power_is_off_ = true;
    if (room_) {
        room_->power_off();
        return;
    }
    end_processes();
}

void Session::end_processes() {
    has_ended_processes_ = true;
    for (const pid_t child : list_children(::getpid()))
        ::kill(child, SIGKILL);
}

void Session::take_end(pid_t child, int wait_status) {
    // At --isolation none the program comes here only if its keeper was killed.
    if (child == process_ && !exit_status_)
        end_program(wait_status);
    for (Delegation& delegation : delegations_)
        if (delegation.process() == child)
            delegation.end(exit_status_of(wait_status));
}

void Session::reap() {
    int status = 0;
    if (tracer_) {
        // A wait for any child would take from the tracer's thread what it waits for itself.
        std::vector<pid_t> ended = list_ended_children();
        for (const Delegation& delegation : delegations_)
            if (delegation.process() != 0)
                ended.push_back(delegation.process());
        for (const pid_t child : ended)
            if (::waitpid(child, &status, WNOHANG) == child)
                take_end(child, status);
    } else {
        for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;)
            if (!WIFSTOPPED(status))  // by the supervisor's thread (stopped_thread.h)
                take_end(child, status);
    }
    if (has_ended_processes_)
        end_processes();  // what its children have left behind is this process's
}

}  // namespace glovebox::enclave
