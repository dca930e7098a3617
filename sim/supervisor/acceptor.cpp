// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/base/signals_blocked.h"
#include "sim/supervisor/descriptor_room.h"
#include "sim/supervisor/interposition.h"
#include "sim/supervisor/thread_status.h"
#include "transports/client_names.h"
#include "transports/world.h"

namespace glovebox::supervisor {
namespace {

using namespace std::chrono_literals;

// What a call that doesn't wait may need at once: duplicates of the program's descriptors, files of
// /proc, locks, sockets; for the supervisor's thread and the acceptor's.
constexpr rlim_t reserve = 8;
// How soon a nudge is tried again that found the queue full.
constexpr std::chrono::steady_clock::duration nudge_interval = 15ms;

// What epoll says: an id, and whether it is a thread that ended, a listener or its nudge.
constexpr std::uint64_t event_timer = 0;  // numbers below 4 are nobody's
constexpr std::uint64_t event_stop = 1;
constexpr std::uint64_t event_dead = 2;
std::uint64_t exit_event(pid_t thread) {
    return static_cast<std::uint64_t>(thread) << 2 | 1;
}
constexpr std::uint64_t listener_event(unsigned id) {
    return std::uint64_t{id} << 2 | 2;
}
constexpr std::uint64_t nudge_event(unsigned id) {
    return std::uint64_t{id} << 2 | 3;
}

UniqueFd checked(int fd, std::string_view what) {
    if (fd < 0)
        throw ErrorException(errno_error(what, errno));
    return UniqueFd(fd);
}

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t data) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void unwatch(int epoll, int fd) {
    ::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
}

int accept_flags(const SystemCall& call) {
    return call.number == SYS_accept4 ? call.int_argument(3) : 0;
}

// SO_RCVTIMEO; nothing when there is none.
std::optional<std::chrono::microseconds> receive_timeout(int socket) {
    timeval timeout{};
    socklen_t length = sizeof timeout;
    ::getsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, &length);
    if (timeout.tv_sec == 0 && timeout.tv_usec == 0)
        return std::nullopt;
    return std::chrono::seconds(timeout.tv_sec) + std::chrono::microseconds(timeout.tv_usec);
}

int first_reserved_descriptor() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t open_max = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
    return static_cast<int>(open_max - std::min(reserve, open_max / 2));
}

// Of the calling thread.
std::chrono::nanoseconds processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void set_nonblocking(int socket, bool wanted) {
    const int flags = ::fcntl(socket, F_GETFL);
    ::fcntl(socket, F_SETFL, wanted ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

}  // namespace

Acceptor::Acceptor(Notifier& notifier, VsockOptionTable& options, PidfdCache& pidfds,
                   TraceeMaker make_tracee, TrafficObserver* traffic,
                   std::function<void()> exhausted)
    : notifier_(notifier),
      options_(options),
      pidfds_(pidfds),
      make_tracee_(std::move(make_tracee)),
      traffic_(traffic),
      exhausted_(std::move(exhausted)),
      held_max_(first_reserved_descriptor()),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(
          checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")),
      stop_(checked(::eventfd(0, EFD_CLOEXEC), "eventfd")),
      dead_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
    watch(epoll_.get(), timer_.get(), EPOLLIN, event_timer);
    watch(epoll_.get(), stop_.get(), EPOLLIN, event_stop);
    watch(epoll_.get(), dead_.get(), EPOLLIN, event_dead);
    pidfds_.watch_exits(epoll_.get(), exit_event);
    const SignalsBlocked none_for_threads;
    thread_ = std::thread([this] { run(); });
}

Acceptor::~Acceptor() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
    pidfds_.watch_exits(-1, nullptr);
}

bool Acceptor::handles(int number) {
    return number == SYS_accept4
#ifdef SYS_accept
           || number == SYS_accept
#endif
        ;
}

SyscallReply Acceptor::answer(const SystemCall& call, Tracee& tracee) {
    auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    if ((accept_flags(call) & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0 || !socket->is_listening())
        return SyscallReply::error(EINVAL);
    if (call.arguments[1] != 0) {
        // Before a connection is taken for a caller who can't be told about it.
        if (const auto room = read_room(tracee, call.arguments[1], call.arguments[2]); !room)
            return SyscallReply::error(to_int(room.error()));
    }
    OrErrno<UniqueFd> connection = UniqueFd();
    bool may_wait = true;
    {
        const std::lock_guard lock(mutex_);
        const auto known =
            listeners_.empty() ? listeners_.end() : listeners_.find(socket->cookie());
        connection = take(socket->fd.get(), known == listeners_.end() ? nullptr : &known->second);
        if (known != listeners_.end())
            tidy(known);
        // One that is there finds out when it is delivered.
        if (connection && !*connection)
            may_wait = has_room(call);
    }
    if (!connection)
        return refuse(to_int(connection.error()));
    if (!may_wait)
        return SyscallReply::error(EMFILE);
    if (!*connection)
        return socket->is_nonblocking() ? SyscallReply::error(EAGAIN)
                                        : park(call, std::move(*socket));
    const Origin listener = origin_of(socket->cookie(), *socket);
    // Before the answer, upon which the program may close its own and bind the port again.
    socket->fd.reset();
    deliver(call, tracee, listener, std::move(*connection));
    return SyscallReply::later();
}

// The program's own limit is EMFILE's affair, which a connection's delivery reports.
SyscallReply Acceptor::refuse(int failure) {
    if (failure != EMFILE)
        return SyscallReply::error(failure);
    exhausted_();
    return SyscallReply::error(ENFILE);
}

bool Acceptor::has_room(const SystemCall& call) {
    if (has_room_for_descriptors(call.thread, parked_ + 1))
        return true;
    const auto status = read_thread_status(call.thread);
    if (parked_ == 0 || !status)
        return !status;
    std::size_t own = 0;
    for (auto& [cookie, listener] : listeners_)
        for (ParkedCall& other : listener.parked) {
            if (other.process == 0)
                if (const auto theirs = read_thread_status(other.call.thread))
                    other.process = theirs->process;
            if (other.process == status->process && notifier_.is_valid(other.call.id))
                ++own;
        }
    return own < parked_ && has_room_for_descriptors(call.thread, own + 1);
}

void Acceptor::inherit_options(int connection, const Origin& listener) {
    const VsockOptions options = options_.get(listener.cookie);
    options_.set(cookie_of(connection), options);
    int type = 0;
    socklen_t length = sizeof type;
    ::getsockopt(connection, SOL_SOCKET, SO_TYPE, &type, &length);
    if (type == SOCK_SEQPACKET)
        set_record_limit(connection, options.buffer_size);
}

// Answers the call, with the connection or an error. A connection that finds no taker is kept.
void Acceptor::deliver(const SystemCall& call, Tracee& tracee, const Origin& listener,
                       UniqueFd connection) {
    const int flags = accept_flags(call);
    const auto hand_back = [&](UniqueFd undelivered) {
        set_nonblocking(undelivered.get(), false);
        keep(listener, std::move(undelivered));
    };
    if (!notifier_.is_valid(call.id))
        return hand_back(std::move(connection));
    // One that was kept has been through here before.
    if (traffic_ != nullptr && !read_mark(connection.get()))
        connection = interpose_accepted(*traffic_, std::move(connection));
    if ((flags & SOCK_NONBLOCK) != 0)
        set_nonblocking(connection.get(), true);
    int failure = make_emulated(connection.get());
    if (!options_.is_empty())
        inherit_options(connection.get(), listener);
    if (failure == 0 && call.arguments[1] != 0) {
        const auto room = read_room(tracee, call.arguments[1], call.arguments[2]);
        failure = room ? write_address(tracee, *room, transports::World::peer_of(connection.get()))
                       : to_int(room.error());
    }
    // As in the kernel, a connection whose address can't be written is lost.
    if (failure != 0) {
        (void)notifier_.send(call.id, SyscallReply::error(failure));
        return;
    }
    auto reply = SyscallReply::install(std::move(connection), (flags & SOCK_CLOEXEC) != 0);
    failure = notifier_.send(call.id, reply);
    if (failure == 0)
        return;
    hand_back(reply.take_fd());
    if (failure != ENOENT && failure != ESRCH)  // it still waits: EMFILE, ENFILE, ENOMEM
        (void)notifier_.send(call.id, SyscallReply::error(failure));
}

// The next connection: one that was kept, or one from the listener's queue. Never waits, also where
// the listener is in blocking mode: nobody but us takes from the queue, so what poll sees is there.
OrErrno<UniqueFd> Acceptor::take(int listener, Listener* known) {
    bool was_nudge = false;
    if (known != nullptr && !known->kept.empty()) {
        UniqueFd connection = std::move(known->kept.front());
        known->kept.pop_front();
        // With the last one goes the nudge that announced it, or the listener would look readable
        // with nothing there. What stands before the nudge is kept in its turn.
        if (known->kept.empty() && known->nudge) {
            OrErrno<UniqueFd> next = accept_one(listener, known, was_nudge);
            if (next && *next)
                known->kept.push_back(std::move(*next));
        }
        return connection;
    }
    OrErrno<UniqueFd> connection = UniqueFd();
    do {
        connection = accept_one(listener, known, was_nudge);
    } while (was_nudge);
    return connection;
}

OrErrno<UniqueFd> Acceptor::accept_one(int listener, Listener* known, bool& was_nudge) {
    was_nudge = false;
    pollfd poll_fd{listener, POLLIN, 0};
    if (::poll(&poll_fd, 1, 0) != 1 || (poll_fd.revents & POLLIN) == 0)
        return UniqueFd();
    UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection && errno == EMFILE && pidfds_.let_go())
        connection.reset(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection)
        return Errno{errno};
    if (known == nullptr || !known->nudge)
        return connection;
    const auto peer = transports::UnixAddress::of_peer(connection.get());
    if (!peer || peer->text() != known->nudge_name)
        return connection;
    was_nudge = true;
    unwatch(epoll_.get(), known->nudge.get());
    known->nudge.reset();
    return UniqueFd();
}

SyscallReply Acceptor::park(const SystemCall& call, EmulatedSocket listener) {
    const auto timeout = receive_timeout(listener.fd.get());
    const std::lock_guard lock(mutex_);
    const std::uint64_t cookie = listener.cookie();
    const auto known = listeners_.find(cookie);
    const bool is_held = known != listeners_.end() && known->second.socket.fd;
    // The kernel gives the lowest free number: all below it are in use, by pidfds for example.
    if (!is_held && listener.fd.get() >= held_max_ && pidfds_.let_go())
        listener.fd.reset(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!is_held && (!listener.fd || listener.fd.get() >= held_max_))
        return refuse(EMFILE);
    Listener& entry = at(cookie);
    const auto now = Clock::now();
    ParkedCall& parked = entry.parked.add(call, now);
    if (timeout) {
        parked.has_timeout = true;
        parked.deadline = now + *timeout;
        parked.next_look = std::min(parked.next_look, parked.deadline);
    }
    ++parked_;
    if (!entry.socket.fd) {
        entry.socket = std::move(listener);
        watch(epoll_.get(), entry.socket.fd.get(), EPOLLIN, listener_event(entry.id));
    }
    set_timer(parked.next_look);
    return SyscallReply::later();
}

void Acceptor::keep(const Origin& listener, UniqueFd connection) {
    const std::lock_guard lock(mutex_);
    Listener& entry = at(listener.cookie);
    entry.address =
        listener.address ? listener.address : transports::UnixAddress::of_socket(connection.get());
    entry.kept.push_front(std::move(connection));
    nudge(entry);
}

// Makes the listener readable for as long as a connection is kept, by a connection of the
// supervisor at the end of its queue. That one is hung up when the listener is closed.
void Acceptor::nudge(Listener& listener) {
    if (listener.nudge)
        return;
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto own = transports::unforeseeable_name("nudge");
    if (!client || own.bind(client.get()) != 0)
        return set_timer(Clock::now() + nudge_interval);
    const int result = listener.address ? listener.address->connect(client.get()) : ENOENT;
    if (result == ENOENT || result == ECONNREFUSED) {
        listener.kept.clear();
        return;
    }
    // A full queue makes the listener readable without us; then it is tried again, since the nudge
    // also tells when the listener is closed.
    if (result != 0)
        return set_timer(Clock::now() + nudge_interval);
    listener.nudge_name = own.text();
    listener.nudge = std::move(client);
    watch(epoll_.get(), listener.nudge.get(), EPOLLRDHUP, nudge_event(listener.id));
}

// An accepted socket has its listener's name, unless we stand between it and its peer.
Acceptor::Origin Acceptor::origin_of(std::uint64_t cookie, const EmulatedSocket& listener) const {
    return {cookie, traffic_ == nullptr ? std::nullopt
                                        : transports::UnixAddress::of_socket(listener.fd.get())};
}

void Acceptor::run() {
    std::array<epoll_event, 16> events;
    for (;;) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
            const auto id = static_cast<unsigned>(what >> 2);
            if (what == event_stop)
                return;
            if (what == event_timer) {
                look_around();
            } else if (what == event_dead) {
                eventfd_t count = 0;
                ::eventfd_read(dead_.get(), &count);
                forget_the_dead();
            } else if (what == exit_event(static_cast<pid_t>(id))) {
                pidfds_.forget(static_cast<pid_t>(id));
                forget(static_cast<pid_t>(id));
            } else if (what == listener_event(id)) {
                serve(id);
            } else {
                end_nudge(id);
            }
        }
    }
}

// A watched listener is readable: its parked calls get what is there, the oldest first.
void Acceptor::serve(unsigned id) {
    for (;;) {
        SystemCall call;
        OrErrno<UniqueFd> connection = UniqueFd();
        Origin origin{};
        {
            const std::lock_guard lock(mutex_);
            const auto found = find(id);
            if (found == listeners_.end() || found->second.parked.empty())
                return;
            Listener& listener = found->second;
            connection = take(listener.socket.fd.get(), &listener);
            if (connection && !*connection)
                return;
            call = listener.parked.take_first();
            --parked_;
            origin = origin_of(found->first, listener.socket);
            tidy(found);
        }
        if (connection)
            deliver(call, *make_tracee_(call), origin, std::move(*connection));
        else
            (void)notifier_.send(call.id, refuse(to_int(connection.error())));
    }
}

// The nudge was hung up: the listener is closed, and what was kept for it has no taker.
void Acceptor::end_nudge(unsigned id) {
    const std::lock_guard lock(mutex_);
    const auto found = find(id);
    if (found == listeners_.end() || !found->second.nudge)
        return;
    // The event may be that of the nudge before this one.
    pollfd poll_fd{found->second.nudge.get(), POLLRDHUP, 0};
    if (::poll(&poll_fd, 1, 0) != 1)
        return;
    found->second.nudge.reset();
    found->second.kept.clear();
    tidy(found);
}

void Acceptor::look_around() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const ssize_t bytes = ::read(timer_.get(), &expirations, sizeof expirations);
    const std::lock_guard lock(mutex_);
    timer_at_ = Clock::time_point::max();
    const auto now = Clock::now();
    auto next = Clock::time_point::max();
    const auto begun = processor_time();
    signals_.begin(parked_, now);
    const auto look = [&](ParkedCall& call) { return look_at(call, now); };
    for (auto& [cookie, listener] : listeners_)
        parked_ -= listener.parked.look_at_due(now, look);
    for (auto listener = listeners_.begin(); listener != listeners_.end();) {
        Listener& entry = listener->second;
        parked_ -= entry.parked.look_at_included(now, signals_, look);
        next = std::min(next, entry.parked.next_look());
        if (!entry.kept.empty())
            nudge(entry);
        tidy(listener++);
    }
    signals_.end(Clock::now(), processor_time() - begun);
    if (next != Clock::time_point::max())
        set_timer(next);
}

bool Acceptor::look_at(ParkedCall& parked, Clock::time_point now) {
    if (parked.has_timeout && now >= parked.deadline)
        return (void)notifier_.send(parked.call.id, SyscallReply::error(EAGAIN)), true;
    switch (signals_.look(parked.call.thread, parked.signals,
                          [&] { return notifier_.is_valid(parked.call.id); })) {
        case SignalWatch::Finding::gone:
            // As a rule a whole process has ended.
            ::eventfd_write(dead_.get(), 1);
            return true;
        case SignalWatch::Finding::woken:
            // The kernel restarts no accept that has a timeout (signal(7)).
            (void)(parked.has_timeout ? notifier_.send(parked.call.id, SyscallReply::error(EINTR))
                                      : notifier_.restart(parked.call));
            return true;
        case SignalWatch::Finding::nothing:
            break;
    }
    ParkedCalls::plan_next_look(parked, now);
    return false;
}

void Acceptor::forget_the_dead() {
    const std::lock_guard lock(mutex_);
    drop_the_dead();
}

// A thread has ended; most never waited here.
void Acceptor::forget(pid_t thread) {
    const std::lock_guard lock(mutex_);
    const bool has_waited = std::any_of(listeners_.begin(), listeners_.end(), [&](auto& entry) {
        return std::any_of(entry.second.parked.begin(), entry.second.parked.end(),
                           [&](const ParkedCall& parked) { return parked.call.thread == thread; });
    });
    if (has_waited)
        drop_the_dead();
}

void Acceptor::drop_the_dead() {
    for (auto listener = listeners_.begin(); listener != listeners_.end();) {
        parked_ -= listener->second.parked.erase_if(
            [this](const ParkedCall& parked) { return !notifier_.is_valid(parked.call.id); });
        tidy(listener++);
    }
}

void Acceptor::expect_dead() {
    ::eventfd_write(dead_.get(), 1);
}

std::size_t Acceptor::parked_calls() {
    const std::lock_guard lock(mutex_);
    return parked_;
}

Acceptor::Listener& Acceptor::at(std::uint64_t cookie) {
    Listener& listener = listeners_[cookie];
    if (listener.id == 0)
        listener.id = next_id_++;
    return listener;
}

Acceptor::Listeners::iterator Acceptor::find(unsigned id) {
    return std::find_if(listeners_.begin(), listeners_.end(),
                        [id](const auto& entry) { return entry.second.id == id; });
}

// Lets go of what a listener needs no longer: of its socket without parked calls, which else would
// live on when the program has closed it.
void Acceptor::tidy(Listeners::iterator listener) {
    Listener& entry = listener->second;
    if (entry.parked.empty() && entry.socket.fd) {
        unwatch(epoll_.get(), entry.socket.fd.get());
        entry.socket = {};
    }
    if (entry.parked.empty() && entry.kept.empty() && !entry.nudge)
        listeners_.erase(listener);
}

void Acceptor::set_timer(Clock::time_point when) {
    if (when >= timer_at_)
        return;
    timer_at_ = when;
    const auto wait = std::max<std::chrono::nanoseconds>(when - Clock::now(), 1us);
    itimerspec spec{};
    spec.it_value.tv_sec = wait / 1s;
    spec.it_value.tv_nsec = (wait % 1s).count();
    ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

}  // namespace glovebox::supervisor
