// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/init_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/base/file_bytes.h"
#include "core/base/leave_child.h"
#include "sim/sandbox/builder.h"
#include "sim/sandbox/inherited_descriptors.h"
#include "sim/sandbox/report.h"

namespace glovebox::sandbox {
namespace {

constexpr int keyctl_join_session_keyring = 1;

std::vector<std::string> exec_candidates(const std::string& program, std::string_view path) {
    if (program.empty() || program.find('/') != std::string::npos)
        return {program};
    std::vector<std::string> candidates;
    for (;;) {
        const std::size_t end = std::min(path.find(':'), path.size());
        const std::string_view folder = path.substr(0, end);
        candidates.push_back(folder.empty() ? program : std::string(folder) + "/" + program);
        if (end == path.size())
            return candidates;
        path.remove_prefix(end + 1);
    }
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts)
        result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

}  // namespace

TextArea find_text_area() {
    // Fields 48 to 51 of /proc/self/stat: arg_start, arg_end, env_start, env_end. The name in
    // parentheses may hold anything, so counting begins behind it, at field 3.
    const std::string text = read_system_text("/proc/self/stat");
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos)
        return {};
    std::vector<std::uintptr_t> fields;
    const char* at = text.c_str() + close + 4;  // ") S": the state is a letter
    for (char* next = nullptr;; at = next) {
        const std::uintptr_t value = std::strtoull(at, &next, 10);
        if (next == at)
            break;
        fields.push_back(value);
    }
    constexpr std::size_t arg_start = 48 - 4;
    constexpr std::size_t env_end = 51 - 4;
    if (fields.size() <= env_end || fields[arg_start] == 0 || fields[env_end] < fields[arg_start])
        return {};
    return {reinterpret_cast<char*>(fields[arg_start]), reinterpret_cast<char*>(fields[env_end])};
}

InitProcess::InitProcess(const SandboxPlan& p)
    : plan(p),
      limits(p.limits),
      arguments_(pointers(p.arguments)),
      environment_(pointers(p.environment)),
      candidates_(exec_candidates(p.arguments.front(), p.search_path)) {
    static char shell[] = "/bin/sh";
    shell_arguments_.push_back(shell);
    shell_arguments_.push_back(nullptr);  // the script, known when it is found
    shell_arguments_.insert(shell_arguments_.end(), arguments_.begin() + 1, arguments_.end());
}

void InitProcess::fail(Report::Stage stage, int error, int step) noexcept {
    sandbox::fail(report_socket, stage, error, step);
}

void InitProcess::become_init() noexcept {
    // The system calls, not glibc's functions: those signal all threads of the process, and would
    // wait for ever for the maker's threads, which a fork does not copy.
    if (plan.ids.setgroups && ::syscall(SYS_setgroups, 0, nullptr) != 0)
        fail(Report::Stage::identity, errno);
    if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0)
        fail(Report::Stage::identity, errno);
    ::setsid();
    // An anonymous session keyring: the caller's keys are not the program's. Containers forbid the
    // call altogether, and then the program can't read a key either.
    ::syscall(SYS_keyctl, keyctl_join_session_keyring, nullptr);

    static constexpr std::string_view no_name = "(none)";
    if (::sethostname(no_name.data(), no_name.size()) != 0 ||
        ::setdomainname(no_name.data(), no_name.size()) != 0)
        fail(Report::Stage::host_name, errno);

    ::prctl(PR_SET_NAME, "init", 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    static constexpr std::string_view shown = "/init";
    const auto room = static_cast<std::size_t>(text_area.end - text_area.begin);
    if (room > shown.size()) {
        std::memset(text_area.begin, 0, room);
        std::memcpy(text_area.begin, shown.data(), shown.size());
    }
}

void InitProcess::run() noexcept {
    Report started;
    started.kind = Report::Kind::started;
    started.error = cgroup_limit_error;
    if (send_report(report_socket, started) != 0)
        leave_child(EXIT_FAILURE);  // the maker is gone
    ReceivedReport received;
    if (!receive_report(outer_socket, received))
        leave_child(EXIT_FAILURE);  // the outer process has failed, and the maker knows

    ::signal(SIGCHLD, SIG_DFL);  // an ignored one would reap behind our back
    become_init();
    end_with_maker();
    ::umask(0);
    const BuildResult built = build_sandbox(plan.steps, outer_socket);
    if (built.error != 0)
        fail(Report::Stage::step, built.error, built.failed_step);
    bound_step_ = built.bound_step;
    ::umask(plan.umask);
    end_with_maker();
    if (plan.program_is_init)
        run_program(-1);

    sigset_t child_ended;
    ::sigemptyset(&child_ended);
    ::sigaddset(&child_ended, SIGCHLD);
    const int signals = ::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
    std::array<int, 2> exec_pipe{};
    if (signals < 0 || ::pipe2(exec_pipe.data(), O_CLOEXEC) != 0)
        fail(Report::Stage::signals, errno);

    const long program = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (program < 0)
        fail(Report::Stage::fork, errno);
    if (program == 0) {
        ::close(exec_pipe[0]);
        ::close(signals);
        run_program(exec_pipe[1]);
    }
    wait_for_the_end(static_cast<pid_t>(program), exec_pipe[0], signals);
}

// Also if this process is stopped, or is an image's init, which does not know that it has a maker.
// A change of privileges takes it back (prctl(2)).
void InitProcess::end_with_maker() noexcept {
    pollfd maker{report_socket, 0, 0};
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::poll(&maker, 1, 0) != 0)
        leave_child(EXIT_FAILURE);
}

void InitProcess::run_program(int exec_pipe) noexcept {
    ::setsid();
    if (::chdir(plan.working_directory.c_str()) != 0)
        fail(Report::Stage::working_directory, errno);
    for (const ResourceLimit& wanted : limits) {
        const auto resource = static_cast<__rlimit_resource>(wanted.resource);
        rlimit limit{};
        if (::getrlimit(resource, &limit) != 0)
            fail(Report::Stage::limits, errno);
        // Everybody may lower a limit; a limit that the caller may not raise stays as it is.
        limit.rlim_max = std::min(limit.rlim_max, wanted.hard);
        limit.rlim_cur = std::min(limit.rlim_max, wanted.soft);
        if (::setrlimit(resource, &limit) != 0)
            fail(Report::Stage::limits, errno);
    }
    if (!plan.cpus.empty()) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        for (const int cpu : plan.cpus)
            CPU_SET(cpu, &cpus);
        if (::sched_setaffinity(0, sizeof cpus, &cpus) != 0)
            fail(Report::Stage::cpus, errno);
    }
    // An ignored signal would stay ignored through exec, a handler would not.
    for (int signal = 1; signal <= SIGRTMAX; ++signal)
        ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);

    HookResult result;
    if (hook.run != nullptr)
        result = hook.run(hook.context);
    if (result.error != 0)
        fail(Report::Stage::hook, result.error);
    Report ready;
    ready.kind = Report::Kind::ready;
    ready.step = bound_step_;
    if (const int error = send_report(report_socket, ready, result.descriptor); error != 0)
        leave_child(EXIT_FAILURE);  // the maker is gone
    close_all_on_exec();

    const int error = execute();
    if (plan.program_is_init) {
        Report failed;
        failed.kind = Report::Kind::not_executed;
        failed.error = error;
        send_report(report_socket, failed);
        leave_child(error & 0xff);
    }
    // Atomic: less than PIPE_BUF.
    while (::write(exec_pipe, &error, sizeof error) < 0 && errno == EINTR) {
    }
    // As AWS's init does; PID 1 sees it as the program's end.
    leave_child(error & 0xff);
}

// execvpe(3) with the requested search path. Returns an errno.
int InitProcess::execute() noexcept {
    int remembered = 0;
    for (const std::string& candidate : candidates_) {
        ::execve(candidate.c_str(), arguments_.data(), environment_.data());
        if (errno == ENOEXEC && !plan.program_is_init) {
            shell_arguments_[1] = const_cast<char*>(candidate.c_str());
            ::execve(shell_arguments_[0], shell_arguments_.data(), environment_.data());
        }
        switch (errno) {
            case EACCES:
                remembered = EACCES;
                break;
            case ENOENT:
            case ENOTDIR:
            case ESTALE:
            case ENODEV:
            case ETIMEDOUT:
                break;
            default:
                return errno;
        }
    }
    return remembered != 0 ? remembered : errno;
}

void InitProcess::report_exec(int exec_pipe) noexcept {
    int error = 0;
    ssize_t size = 0;
    while ((size = ::read(exec_pipe, &error, sizeof error)) < 0 && errno == EINTR) {
    }
    Report report;
    report.kind = size == 0 ? Report::Kind::executed : Report::Kind::not_executed;
    report.error = error;
    send_report(report_socket, report);
}

void InitProcess::wait_for_the_end(pid_t program, int exec_pipe, int signals) noexcept {
    std::array<int, 3> kept{report_socket, exec_pipe, signals};
    std::sort(kept.begin(), kept.end());
    close_all_but(kept);
    std::array<pollfd, 3> watched{
        {{signals, POLLIN, 0}, {report_socket, 0, 0}, {exec_pipe, POLLIN, 0}}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR)
            leave_child(EXIT_FAILURE);
        if ((watched[1].revents & (POLLHUP | POLLERR)) != 0)
            leave_child(EXIT_FAILURE);  // the maker is gone
        if (watched[2].fd >= 0 && watched[2].revents != 0) {
            report_exec(exec_pipe);
            watched[2].fd = -1;
        }
        signalfd_siginfo discarded;
        while (::read(signals, &discarded, sizeof discarded) > 0) {
        }
        int status = 0;
        for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            if (ended != program)
                continue;
            if (watched[2].fd >= 0)
                report_exec(exec_pipe);
            if (plan.like_aws_init) {
                const std::string_view words = !WIFEXITED(status) ? "child exited by signal\n"
                                               : WEXITSTATUS(status) != 0
                                                   ? "child exited with error\n"
                                                   : "";
                [[maybe_unused]] const ssize_t written =
                    ::write(STDERR_FILENO, words.data(), words.size());
            }
            Report report;
            report.kind = Report::Kind::exited;
            report.status = status;
            send_report(report_socket, report);
            leave_child(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
    }
}

}  // namespace glovebox::sandbox
