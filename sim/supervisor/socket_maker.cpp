// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/socket_maker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sim/supervisor/fd_passing.h"
#include "sim/supervisor/namespace_id.h"

namespace glovebox::supervisor {
namespace {

struct Request {
    int domain;
    int type;
};

bool enter(int directory, const char* name, int kind) {
    const UniqueFd space(::openat(directory, name, O_RDONLY | O_CLOEXEC));
    return space && ::setns(space.get(), kind) == 0;
}

// The helper's life. Between fork and exit: nothing but system calls.
[[noreturn]] void serve(int channel, int proc_directory) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // It closes the supervisor's other descriptors, listeners above all.
    ::dup2(channel, 0);
    ::dup2(proc_directory, 1);
    ::close_range(2, ~0u, 0);
    // Root enters directly; an ordinary user through the user namespace that owns it.
    if (!enter(1, "ns/net", CLONE_NEWNET) &&
        (!enter(1, "ns/user", CLONE_NEWUSER) || !enter(1, "ns/net", CLONE_NEWNET)))
        ::_exit(1);
    ::close(1);
    Request request;
    while (::recv(0, &request, sizeof request, 0) == sizeof request) {
        const int made = ::socket(request.domain, request.type | SOCK_CLOEXEC, 0);
        const int error = made < 0 ? errno : 0;
        if (!send_with_fds(0, &error, sizeof error, {&made, made < 0 ? 0u : 1u}))
            break;
        if (made >= 0)
            ::close(made);
    }
    ::_exit(0);
}

}  // namespace

SocketMaker::SocketMaker() : own_network_(namespace_of(::gettid(), "net")) {}

SocketMaker::~SocketMaker() {
    for (auto& [network, helper] : helpers_) {
        helper.channel.reset();  // it reads the end and exits
        ::waitpid(helper.process, nullptr, 0);
    }
}

OrErrno<UniqueFd> SocketMaker::make(pid_t thread, int domain, int type) {
    const ino_t network = namespace_of(thread, "net");
    // 0: the program may not be looked into, and then it has nothing of its own that could be seen.
    if (network == 0 || network == own_network_) {
        UniqueFd made(::socket(domain, type | SOCK_CLOEXEC, 0));
        if (!made)
            return Errno{errno};
        return made;
    }
    return make_through_helper(thread, network, domain, type);
}

OrErrno<UniqueFd> SocketMaker::make_through_helper(pid_t thread, ino_t network, int domain,
                                                   int type) {
    const std::lock_guard lock(mutex_);
    auto found = helpers_.find(network);
    if (found == helpers_.end()) {
        auto started = start_helper(thread);
        if (!started)
            return started.error();
        if (helpers_.size() >= helpers_max) {
            auto& oldest = helpers_.begin()->second;
            oldest.channel.reset();
            ::waitpid(oldest.process, nullptr, 0);
            helpers_.erase(helpers_.begin());
        }
        found = helpers_.emplace(network, std::move(*started)).first;
    }
    const Request request{domain, type};
    int error = 0;
    UniqueFd made;
    const int channel = found->second.channel.get();
    const bool is_sent = ::send(channel, &request, sizeof request, MSG_NOSIGNAL) == sizeof request;
    const int failure =
        is_sent ? receive_with_fds(channel, &error, sizeof error, {&made, 1}) : EPIPE;
    if (failure == EMFILE)
        return Errno{EMFILE};
    if (failure != 0) {  // the helper could not enter
        found->second.channel.reset();
        ::waitpid(found->second.process, nullptr, 0);
        helpers_.erase(found);
        return Errno{EACCES};
    }
    if (error != 0)
        return Errno{error};
    return made;
}

OrErrno<SocketMaker::Helper> SocketMaker::start_helper(pid_t thread) {
    const UniqueFd proc_directory(
        ::open(fmt::format("/proc/{}", thread).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int ends[2];
    if (!proc_directory || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return Errno{errno};
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return Errno{errno};
    if (child == 0)
        serve(theirs.get(), proc_directory.get());
    return Helper{child, std::move(ours)};
}

}  // namespace glovebox::supervisor
