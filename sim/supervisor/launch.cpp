// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>

#include "core/base/fd_passing.h"
#include "core/base/leave_child.h"
#include "sim/supervisor/obstacle.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/syscall_filter.h"

namespace glovebox::supervisor {
namespace {

// What the child says before it executes, or dies of.
struct Message {
    enum Step : int {
        awaits_tracer,
        not_traced,
        filter_installed,
        filter_refused,
        vsock_denied,
        executes,  // the next call that is notified is an execve
        not_executed
    } step;
    int errno_value;
};

// What the parent answers to the child's own first call. No socket() of Linux fails with it.
constexpr int probe_answer = EL2NSYNC;

std::vector<std::string> environment_of(const Program& program) {
    std::map<std::string, std::string> variables;
    const auto add = [&](const std::string& assignment) {
        variables[assignment.substr(0, assignment.find('='))] = assignment;
    };
    if (program.environment) {
        for (const std::string& one : *program.environment)
            add(one);
    } else {
        for (char** one = environ; *one != nullptr; ++one)
            add(*one);
    }
    for (const std::string& one : program.extra_environment)
        add(one);
    std::vector<std::string> assignments;
    assignments.reserve(variables.size());
    for (auto& [name, assignment] : variables)
        assignments.push_back(std::move(assignment));
    return assignments;
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (const std::string& one : strings)
        pointers.push_back(const_cast<char*>(one.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// What execvp would try; it may allocate, and so can't be asked after the fork.
std::vector<std::string> paths_of(const std::string& name, std::string_view path) {
    if (name.find('/') != std::string::npos)
        return {name};
    std::vector<std::string> paths;
    for (;;) {
        const std::size_t colon = path.find(':');
        const std::string_view folder = path.substr(0, colon);
        paths.push_back(folder.empty() ? name : fmt::format("{}/{}", folder, name));
        if (colon == std::string_view::npos)
            return paths;
        path.remove_prefix(colon + 1);
    }
}

std::string_view path_in(const std::vector<std::string>& environment) {
    for (const std::string& one : environment)
        if (one.starts_with("PATH="))
            return std::string_view(one).substr(5);
    return "/usr/local/bin:/usr/bin:/bin";
}

// The child's end of the channel. Between fork and exec: nothing but system calls.
struct Parent {
    int channel;
    bool is_traced;

    void say(Message message, std::span<const int> fds = {}) const noexcept {
        (void)send_with_fds(channel, &message, sizeof message, fds);
    }
    [[noreturn]] void give_up(Message::Step step, int errno_value) const noexcept {
        say({step, errno_value});
        leave_child(1);
    }

    // Without a tracer, a trapped call would end the process.
    void await_tracer() const noexcept {
        int failure = EPIPE;
        say({Message::awaits_tracer, 0});
        while (::recv(channel, &failure, sizeof failure, 0) < 0 && errno == EINTR) {
        }
        if (failure != 0)
            give_up(Message::not_traced, failure);
    }

    // Puts the calling process under the filter and hands over its listener.
    void supervise(const std::vector<sock_filter>& filter) const noexcept {
        if (is_traced)
            await_tracer();
        const int listener = install_filter(filter);
        if (listener < 0)
            give_up(Message::filter_refused, -listener);
        say({Message::filter_installed, 0}, {&listener, 1});
        ::close(listener);
        // The parent answers this one. Where it can't, a filter further out has the say.
        if (::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != probe_answer)
            give_up(Message::vsock_denied, errno);
    }
};

struct Child {
    const Program& program;
    const std::vector<sock_filter>& filter;
    bool notifies_exec;
    const std::vector<std::string>& paths;
    char* const* arguments;
    char** shell_arguments;  // of /bin/sh; the second is the script, known when it is found
    char* const* environment;
    Parent parent;

    // Between fork and exec: nothing but system calls.
    [[noreturn]] void run() const noexcept {
        const auto& fds = program.standard_fds;
        // Out of the way first: one of the three may be another's target.
        std::array<int, 3> moved{};
        for (std::size_t i = 0; i < fds.size(); ++i)
            moved[i] = fds[i] < 0 ? -1 : ::fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        for (std::size_t i = 0; i < fds.size(); ++i)
            if (moved[i] >= 0)
                ::dup2(moved[i], static_cast<int>(i));
            else
                ::close(static_cast<int>(i));
        if (program.working_directory >= 0 && ::fchdir(program.working_directory) != 0)
            parent.give_up(Message::not_executed, errno);
        if (program.umask)
            ::umask(*program.umask);
        program.inherited.restore();
        // Its keeper ends it, and it ends with its keeper.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        parent.supervise(filter);
        int failure = ENOENT;
        for (const std::string& path : paths) {
            execute(path.c_str(), arguments);
            if (errno == ENOEXEC) {  // a script without "#!": as execvp(3) and AWS's init have it
                shell_arguments[1] = const_cast<char*>(path.c_str());
                execute(shell_arguments[0], shell_arguments);
            }
            if (errno != ENOENT && errno != ENOTDIR)
                failure = errno;
        }
        parent.give_up(Message::not_executed, failure);
    }

    void execute(const char* path, char* const* with) const noexcept {
        if (notifies_exec)
            parent.say({Message::executes, 0});
        ::execve(path, with, environment);
    }
};

// Answers the first call under the filter, unless the child says first that it was denied.
void answer_probe(int channel, int listener) {
    SeccompNotifier notifier{UniqueFd(::fcntl(listener, F_DUPFD_CLOEXEC, 0))};
    std::array<pollfd, 2> ready{{{listener, POLLIN, 0}, {channel, POLLIN, 0}}};
    while (::poll(ready.data(), ready.size(), -1) < 0) {
    }
    if ((ready[0].revents & POLLIN) == 0)
        return;
    if (const auto call = notifier.receive())
        (void)notifier.send(call->id, SyscallReply::error(probe_answer));
}

// With FilterOptions::exec each execve that the child tries is notified, before there is a
// supervisor: the kernel carries it out. False where this process has no descriptor left for it.
bool answer_execve(int listener) {
    UniqueFd copy(::fcntl(listener, F_DUPFD_CLOEXEC, 0));
    if (!copy)
        return false;
    SeccompNotifier notifier(std::move(copy));
    if (const auto call = notifier.receive())
        (void)notifier.send(call->id, SyscallReply::pass_through());
    return true;
}

// Forks a kept child that runs `body(Parent)`, and stays with it until its end of the channel is
// closed, by exec or by exit. `name` is for errors.
template <class Body>
Result<Launched> fork_supervised(const std::string& name, Tracer* tracer, const Body& body) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return errno_error("cannot start a program: socketpair", errno);
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    auto keeper = Keeper::start(name, [&] {
        // In it a listener waits to be received: with a copy in this process, a parent that was
        // killed would leave it open, and this process waiting for its own supervision for ever.
        ::close(ours.get());
        body(Parent{theirs.get(), tracer != nullptr});
        leave_child(0);
    });
    if (!keeper)
        return keeper.error();
    theirs.reset();

    UniqueFd listener;
    Message message{};
    int failure = 0;
    while ((failure = receive_with_fds(ours.get(), &message, sizeof message, {&listener, 1})) ==
           0) {
        if (message.step == Message::awaits_tracer) {
            const int refused = tracer->attach(keeper->program());
            ::send(ours.get(), &refused, sizeof refused, MSG_NOSIGNAL);
            continue;
        }
        if (message.step == Message::filter_installed) {
            answer_probe(ours.get(), listener.get());
            continue;
        }
        if (message.step == Message::executes) {
            if (answer_execve(listener.get()))
                continue;
            failure = EMFILE;
            break;
        }
        keeper->wait();
        switch (message.step) {
            case Message::not_traced:
                return tracing_refused(message.errno_value);
            case Message::filter_refused:
                return filter_refused(message.errno_value);
            case Message::vsock_denied:
                return vsock_denied(message.errno_value);
            default:
                return errno_error(name, message.errno_value);
        }
    }
    if (failure == EMFILE) {
        ::kill(keeper->program(), SIGKILL);
        keeper->wait();
        return errno_error(name, EMFILE);
    }
    if (!listener) {
        keeper->wait();
        return system_error(ECHILD, name + ": it ended before it began");
    }
    return Launched{std::move(*keeper), std::move(listener)};
}

}  // namespace

InheritedState InheritedState::now() {
    InheritedState state{};
    ::pthread_sigmask(SIG_SETMASK, nullptr, &state.mask);
    struct sigaction action {};
    ::sigaction(SIGPIPE, nullptr, &action);
    state.ignores_sigpipe = action.sa_handler == SIG_IGN;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    state.descriptor_limit = limit.rlim_cur;
    return state;
}

void InheritedState::restore() const noexcept {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = descriptor_limit;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::signal(SIGPIPE, ignores_sigpipe ? SIG_IGN : SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

std::vector<std::string> interpreter_line_of(const std::string& path) {
    static constexpr std::size_t line_max = 256;  // BINPRM_BUF_SIZE in linux/binfmts.h
    std::ifstream file(path, std::ios::binary);
    std::string line(line_max, '\0');
    file.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(file.gcount()));
    if (!line.starts_with("#!"))
        return {};
    std::istringstream words(line.substr(2, line.find('\n') - 2));
    return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

std::string interpreter_of(const std::string& path) {
    const std::vector<std::string> words = interpreter_line_of(path);
    return words.empty() ? std::string() : words.front();
}

std::string find_executable(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const std::string& candidate : paths_of(name, path == nullptr ? "" : path)) {
        struct stat status {};
        if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
            ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return name;
}

Result<Launched> launch(const Program& program, const std::vector<sock_filter>& filter,
                        bool notifies_exec, Tracer* tracer) {
    const std::vector<std::string> environment = environment_of(program);
    std::vector<std::string> paths = paths_of(program.arguments.front(), path_in(environment));
    // A folder of the search path that may not be looked into has no program for us.
    if (paths.size() > 1)
        std::erase_if(paths, [](const std::string& path) {
            return ::access(path.c_str(), F_OK) != 0 && errno == EACCES;
        });
    const std::vector<char*> argument_pointers = pointers_to(program.arguments);
    std::vector<std::string> shell_arguments{"/bin/sh", ""};
    shell_arguments.insert(shell_arguments.end(), program.arguments.begin() + 1,
                           program.arguments.end());
    std::vector<char*> shell_pointers = pointers_to(shell_arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    return fork_supervised(program.arguments.front(), tracer, [&](Parent parent) {
        Child{program,
              filter,
              notifies_exec,
              paths,
              argument_pointers.data(),
              shell_pointers.data(),
              environment_pointers.data(),
              parent}
            .run();
    });
}

Result<SupervisionFeatures> probe_supervision(const std::vector<sock_filter>& filter,
                                              Tracer* tracer) {
    auto probed =
        fork_supervised("probing", tracer, [&](Parent parent) { parent.supervise(filter); });
    if (!probed)
        return probed.error();
    probed->keeper.wait();
    return SupervisionFeatures{
        .wakes_up_synchronously =
            SeccompNotifier(std::move(probed->listener)).wake_up_synchronously()};
}

Result<void> become_subreaper() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        return errno_error("cannot adopt orphans (PR_SET_CHILD_SUBREAPER)", errno);
    return {};
}

}  // namespace glovebox::supervisor
