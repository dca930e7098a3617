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

#include "core/base/fd_passing.h"
#include "sim/supervisor/namespace_id.h"

namespace glovebox::supervisor {
namespace {

struct Request {
    int type;
    int count;
};

constexpr std::size_t made_at_once = passed_fds_max;

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
        int made[made_at_once];
        std::size_t count = 0;
        int error = 0;
        for (; count < static_cast<std::size_t>(request.count); ++count) {
            made[count] = ::socket(AF_UNIX, request.type | SOCK_CLOEXEC, 0);
            if (made[count] < 0) {
                error = count == 0 ? errno : 0;
                break;
            }
        }
        const bool is_sent = send_with_fds(0, &error, sizeof error, {made, count});
        for (; count > 0; --count)
            ::close(made[count - 1]);
        if (!is_sent)
            break;
    }
    ::_exit(0);
}

}  // namespace

SocketMaker::SocketMaker(PidfdCache& pidfds)
    : pidfds_(pidfds), own_network_(namespace_of(::gettid(), "net")) {}

SocketMaker::~SocketMaker() {
    for (auto& [network, helper] : helpers_) {
        helper.channel.reset();  // it reads the end and exits
        ::waitpid(helper.process, nullptr, 0);
    }
}

OrErrno<UniqueFd> SocketMaker::make(pid_t thread, int type) {
    const ino_t network = network_of(thread);
    // 0: the program may not be looked into, and then it has nothing of its own that could be seen.
    if (network == 0 || network == own_network_) {
        UniqueFd made(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        if (!made)
            return Errno{errno};
        return made;
    }
    return make_through_helper(thread, network, type);
}

bool SocketMaker::moves(int number) {
    return number == SYS_setns || number == SYS_unshare;
}

void SocketMaker::expect_move(pid_t thread) {
    const std::lock_guard lock(mutex_);
    places_.erase(thread);
}

// /proc takes longer to say so than a socket to make. A thread alone moves itself, and its next
// call comes when it has.
ino_t SocketMaker::network_of(pid_t thread) {
    const std::uint64_t identity = pidfds_.identity(thread);
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(thread);
    if (identity != 0 && found != places_.end() && found->second.identity == identity)
        return found->second.network;
    const ino_t network = namespace_of(thread, "net");
    if (places_.size() >= places_max)
        places_.clear();
    if (identity != 0 && network != 0)
        places_.insert_or_assign(thread, Place{identity, network});
    return network;
}

OrErrno<UniqueFd> SocketMaker::make_through_helper(pid_t thread, ino_t network, int type) {
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
    Helper& helper = found->second;
    const bool is_frequent = (type & ~SOCK_NONBLOCK) == SOCK_STREAM;
    UniqueFd made;
    int failure = 0;
    if (is_frequent && helper.was_asked) {
        if (helper.spare.empty()) {
            helper.spare.resize(made_at_once);
            failure = ask(helper, SOCK_STREAM, helper.spare);
            std::erase_if(helper.spare, [](const UniqueFd& one) { return !one; });
        }
        if (!helper.spare.empty()) {
            made = std::move(helper.spare.back());
            helper.spare.pop_back();
            if ((type & SOCK_NONBLOCK) != 0)
                ::fcntl(made.get(), F_SETFL, O_RDWR | O_NONBLOCK);
        }
    }
    if (!made && failure != EACCES) {
        failure = ask(helper, type, {&made, 1});
        helper.was_asked = helper.was_asked || is_frequent;
    }
    if (failure == EACCES) {
        helper.channel.reset();
        ::waitpid(helper.process, nullptr, 0);
        helpers_.erase(found);
    }
    if (!made)
        return Errno{failure};
    return made;
}

int SocketMaker::ask(Helper& helper, int type, std::span<UniqueFd> made) {
    const Request request{type, static_cast<int>(made.size())};
    const int channel = helper.channel.get();
    int error = 0;
    const bool is_sent = ::send(channel, &request, sizeof request, MSG_NOSIGNAL) == sizeof request;
    const int failure = is_sent ? receive_with_fds(channel, &error, sizeof error, made) : EPIPE;
    if (failure == EMFILE)
        return EMFILE;
    return failure != 0 ? EACCES : error;  // it could not enter
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
    return Helper{child, std::move(ours), {}};
}

}  // namespace glovebox::supervisor
