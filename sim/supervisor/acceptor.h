// SPDX-License-Identifier: Apache-2.0

// accept and accept4 on emulated sockets: the only calls that wait.
//
// The program holds the listening socket and polls it as it likes; the supervisor takes connections
// from a duplicate of it, so that it can give the peer's address as a sockaddr_vm. Five things
// follow.
//
// * A call that finds no connection is parked, and the acceptor's own thread waits for its
// listener.
//   It delays no other call.
// * A connection that was taken but could not be delivered (the program is at its descriptor limit,
//   or the thread was killed meanwhile) is kept for the next call, and the listener is made
//   readable again by a connection of our own, a nudge, which is thrown away when it is met.
// * A call at the program's descriptor limit fails at once with EMFILE, whether or not it would
//   wait: the kernel takes the number for the connection first. A call that waits therefore counts
//   as one of its process's descriptors.
// * A call that waits costs the supervisor a descriptor for each listener. The last few are left to
//   calls that don't wait: a call that would take them is answered at once.
// * Where the kernel lets the supervisor's answer alone end a received call (WAIT_KILLABLE_RECV), a
//   caught signal and a stop of the process would wait for the next connection. So parked calls are
//   looked at, at intervals from half a millisecond to fifteen, for a thread that was woken
//   (signal_watch.h); such a call is answered with ERESTARTSYS, from which the kernel makes a stop,
//   EINTR or a restart, as the handler's SA_RESTART wants. A call whose thread is gone is forgotten
//   on the same occasion, or when its pidfd tells.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "core/base/unique_fd.h"
#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/parked_calls.h"
#include "sim/supervisor/pidfd_cache.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/signal_watch.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"
#include "sim/supervisor/traffic_observer.h"
#include "sim/supervisor/vsock_options.h"
#include "transports/unix_address.h"

namespace glovebox::supervisor {

class Acceptor {
  public:
    // `traffic` may be null. `exhausted` is called, from any thread, when the supervisor has no
    // descriptor left for a call that waits; that call fails with ENFILE, and its connection stays
    // in the listener's queue. Throws ErrorException when it can't have its descriptors or its
    // thread.
    Acceptor(Notifier& notifier, VsockOptionTable& options, PidfdCache& pidfds,
             TraceeMaker make_tracee, TrafficObserver* traffic, std::function<void()> exhausted);
    // Ends the thread. Parked calls stay unanswered.
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    [[nodiscard]] static bool handles(int number);
    // Never waits. Delivers a pending connection at once (and returns `later`, since that was the
    // answer); otherwise parks the call.
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

    // Lets go of the listeners of calls that wait no more.
    void forget_the_dead();
    // The same, soon, on the acceptor's thread.
    void expect_dead();
    [[nodiscard]] std::size_t parked_calls();

  private:
    using Clock = std::chrono::steady_clock;
    struct Listener {
        unsigned id = 0;        // names it to epoll
        EmulatedSocket socket;  // held only while calls are parked on it
        ParkedCalls parked;
        std::deque<UniqueFd> kept;
        std::optional<transports::UnixAddress> address;  // its own, once something was kept
        UniqueFd nudge;          // the client end of our connection in its queue
        std::string nudge_name;  // of that end
    };
    // What is known of a listener without holding it; no address where a connection has it too.
    struct Origin {
        std::uint64_t cookie;
        std::optional<transports::UnixAddress> address;
    };
    using Listeners = std::unordered_map<std::uint64_t, Listener>;

    void run();
    void serve(unsigned id);
    void end_nudge(unsigned id);
    void look_around();
    void forget(pid_t thread);
    // Whether it has been answered, or is gone.
    [[nodiscard]] bool look_at(ParkedCall& parked, Clock::time_point now);
    void deliver(const SystemCall& call, Tracee& tracee, const Origin& listener,
                 UniqueFd connection);
    [[nodiscard]] SyscallReply park(const SystemCall& call, EmulatedSocket listener);
    void inherit_options(int connection, const Origin& listener);
    void keep(const Origin& listener, UniqueFd connection);
    [[nodiscard]] SyscallReply refuse(int failure);
    // With mutex_ held: whether the program has a number left for the call's connection.
    [[nodiscard]] bool has_room(const SystemCall& call);
    [[nodiscard]] Origin origin_of(std::uint64_t cookie, const EmulatedSocket& listener) const;

    // With mutex_ held. No connection there: an empty descriptor.
    [[nodiscard]] OrErrno<UniqueFd> take(int listener, Listener* known);
    [[nodiscard]] OrErrno<UniqueFd> accept_one(int listener, Listener* known, bool& was_nudge);
    [[nodiscard]] Listener& at(std::uint64_t cookie);
    [[nodiscard]] Listeners::iterator find(unsigned id);
    void nudge(Listener& listener);
    void tidy(Listeners::iterator listener);
    void drop_the_dead();
    void set_timer(Clock::time_point when);

    Notifier& notifier_;
    VsockOptionTable& options_;
    PidfdCache& pidfds_;
    TraceeMaker make_tracee_;
    TrafficObserver* traffic_;
    std::function<void()> exhausted_;
    int held_max_;  // descriptors from this number on are for calls that don't wait
    UniqueFd epoll_;
    UniqueFd timer_;
    UniqueFd stop_;
    UniqueFd dead_;

    std::mutex mutex_;
    Listeners listeners_;     // those with parked calls or kept connections, by cookie
    std::size_t parked_ = 0;  // calls, on all listeners
    SignalWatch signals_;
    unsigned next_id_ = 1;
    Clock::time_point timer_at_ = Clock::time_point::max();

    std::thread thread_;
};

}  // namespace glovebox::supervisor
