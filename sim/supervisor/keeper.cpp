// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/base/leave_child.h"

namespace glovebox::supervisor {
namespace {

// In an entry of getdents64(2), which no header declares: its length, 16 bits, and its name.
constexpr std::size_t length_at = 16;
constexpr std::size_t name_at = 19;

// A decimal number, or 0 without one.
pid_t number_at(const char* text) noexcept {
    pid_t number = 0;
    for (; *text >= '0' && *text <= '9'; ++text)
        number = number * 10 + (*text - '0');
    return number;
}

// Field 4 of /proc/PID/stat, behind a name in parentheses that may hold anything.
pid_t parent_of(int proc, const char* process) noexcept {
    const int folder = ::openat(proc, process, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int file = ::openat(folder, "stat", O_RDONLY | O_CLOEXEC);
    ::close(folder);
    std::array<char, 512> text{};
    const ssize_t bytes = file < 0 ? -1 : ::read(file, text.data(), text.size() - 1);
    ::close(file);
    const char* const close = bytes <= 0 ? nullptr : std::strrchr(text.data(), ')');
    constexpr std::ptrdiff_t state_and_spaces = 4;
    return close == nullptr || text.end() - close <= state_and_spaces
               ? 0
               : number_at(close + state_and_spaces);
}

void kill_children() noexcept {
    const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::array<char, 4096> buffer;
    long bytes = 0;
    while ((bytes = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size())) > 0)
        for (const char* entry = buffer.data(); entry < buffer.data() + bytes;) {
            const char* const name = entry + name_at;
            const pid_t process = number_at(name);
            if (process > 0 && parent_of(proc, name) == ::getpid())
                ::kill(process, SIGKILL);
            std::uint16_t length = 0;
            std::memcpy(&length, entry + length_at, sizeof length);
            entry += length;
        }
    ::close(proc);
}

// Reaps what has ended; whether children are left. The program's status is sent before its ID can
// be given to another process, or is left to whoever adopts it.
bool reap(int channel, pid_t program) noexcept {
    for (;;) {
        siginfo_t ended{};
        if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
            return errno != ECHILD;
        if (ended.si_pid == 0)
            return true;
        int status =
            ended.si_code == CLD_EXITED ? (ended.si_status & 0xff) << 8 : ended.si_status & 0x7f;
        if (ended.si_pid == program)
            ::send(channel, &status, sizeof status, MSG_NOSIGNAL);
        ::waitpid(ended.si_pid, nullptr, 0);
    }
}

}  // namespace

Result<Keeper> Keeper::make(const std::string& name, UniqueFd& theirs) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return errno_error(name + ": socketpair", errno);
    Keeper keeper;
    keeper.channel_.reset(ends[0]);
    theirs.reset(ends[1]);
    return keeper;
}

Result<void> Keeper::begin(const std::string& name) {
    if (process_ < 0)
        return errno_error(name + ": fork", errno);
    pid_t answer = 0;
    while (::recv(fd(), &answer, sizeof answer, 0) < 0 && errno == EINTR) {
    }
    if (answer > 0) {
        program_ = answer;
        return {};
    }
    ::waitpid(process_, nullptr, 0);
    return errno_error(name + ": fork", answer < 0 ? -answer : ECHILD);
}

pid_t Keeper::fork_program(int channel) noexcept {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const pid_t program = ::fork();
    if (program == 0)
        return 0;
    ::setsid();
    // Whoever stopped this process, it goes on when its work begins.
    ::prctl(PR_SET_PDEATHSIG, SIGCONT, 0, 0, 0);
    const pid_t answer = program < 0 ? -errno : program;
    ::send(channel, &answer, sizeof answer, MSG_NOSIGNAL);
    return program;
}

void Keeper::keep(int channel, pid_t program) noexcept {
    // Nothing of the supervisor's stays open because of this process: pipes, locks, sockets.
    ::dup2(channel, 0);
    ::close_range(1, ~0u, 0);
    sigset_t signals;
    sigfillset(&signals);
    ::sigprocmask(SIG_SETMASK, &signals, nullptr);
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    const int child_event = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    bool supervisor_has_ended = false;
    while (reap(0, program)) {
        if (supervisor_has_ended)
            kill_children();
        std::array<pollfd, 2> ready{{{child_event, POLLIN, 0}, {0, POLLIN, 0}}};
        ready[1].fd = supervisor_has_ended ? -1 : 0;
        ::poll(ready.data(), ready.size(), -1);
        signalfd_siginfo event;
        while (::read(child_event, &event, sizeof event) > 0) {
        }
        supervisor_has_ended = supervisor_has_ended || ready[1].revents != 0;
    }
    leave_child(0);
}

void Keeper::wait() const {
    ::kill(process_, SIGCONT);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

std::optional<int> Keeper::take_wait_status() {
    int status = 0;
    const ssize_t bytes = ::recv(fd(), &status, sizeof status, MSG_DONTWAIT);
    if (bytes == 0)
        channel_.reset();
    return bytes == sizeof status ? std::optional(status) : std::nullopt;
}

}  // namespace glovebox::supervisor
