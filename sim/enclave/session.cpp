#include "sim/enclave/session.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "sim/supervisor/syscall_filter.h"

namespace glovebox::enclave {
namespace {

// What is passed on to the program when somebody sends it to us.
constexpr int relayed_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

int exit_status_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Session::Session(transports::World& world, Log& log)
    : world_(world), log_(log), signals_before_(supervisor::SignalState::now()) {
    if (const auto adopted = supervisor::become_subreaper(); !adopted)
        throw ErrorException(adopted.error());
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    for (const int number : relayed_signals)
        sigaddset(&taken, number);
    ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
    signal_fd_.reset(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_)
        throw ErrorException(errno_error("signalfd", errno));
}

Session::~Session() {
    ::pthread_sigmask(SIG_SETMASK, &signals_before_.mask, nullptr);
}

Result<int> Session::run(const RunOptions& options) {
    const auto run = start(options);
    if (!run)
        return run.error();
    while (!(*run)->exit_status || (*run)->supervisor || runs_.size() > 1) {
        wait_for_events();
        take_signals();
        end_runs();
    }
    return *(*run)->exit_status;
}

Result<Session::Run*> Session::start(const RunOptions& options) {
    Run run;
    supervisor::SupervisorConfig config;
    config.nsm = options.nsm;
    if (!options.is_parent) {
        auto claim = CidClaim::make(world_.directory(), options.cid);
        if (!claim)
            return claim.error();
        config.own = claim->cid();
        run.claim.emplace(std::move(*claim));
    }
    const auto filter = supervisor::make_filter({.nsm = options.nsm != nullptr, .trace = false});
    if (!filter)
        return filter.error();
    supervisor::Program program = options.program;
    program.signals = signals_before_;
    program.extra_environment.push_back("GLOVEBOX_WORLD=" + world_.path());
    auto launched = supervisor::launch(program, *filter);
    if (!launched)
        return launched.error();
    run.process = launched->process;
    run.supervisor = std::make_unique<supervisor::Supervisor>(std::move(launched->listener), config,
                                                              world_, log_);
    runs_.push_back(std::move(run));
    return &runs_.back();
}

void Session::wait_for_events() {
    std::vector<pollfd> fds{{signal_fd_.get(), POLLIN, 0}};
    for (const Run& run : runs_)
        if (run.supervisor)
            fds.push_back({run.supervisor->listener(), 0, 0});  // for POLLHUP
    ::poll(fds.data(), fds.size(), -1);
}

void Session::take_signals() {
    signalfd_siginfo info{};
    while (::read(signal_fd_.get(), &info, sizeof info) == sizeof info) {
        const auto number = static_cast<int>(info.ssi_signo);
        if (number == SIGCHLD) {
            reap();
        } else if (info.ssi_code != SI_KERNEL) {
            // What the terminal sends, the kernel has sent to the program as well.
            for (const Run& run : runs_)
                if (!run.exit_status)
                    ::kill(run.process, number);
        }
    }
}

void Session::reap() {
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;)
        for (Run& run : runs_)
            if (run.process == child)
                run.exit_status = exit_status_of(status);
}

// Lets go of the supervisors whose trees have ended, and of all that is over but the first.
void Session::end_runs() {
    for (auto run = runs_.begin(); run != runs_.end();) {
        if (run->supervisor) {
            pollfd fd{run->supervisor->listener(), 0, 0};
            if (::poll(&fd, 1, 0) == 1 && (fd.revents & POLLHUP) != 0)
                run->supervisor.reset();
        }
        const bool is_over = run->exit_status && !run->supervisor;
        run = is_over && run != runs_.begin() ? runs_.erase(run) : std::next(run);
    }
}

}  // namespace glovebox::enclave
