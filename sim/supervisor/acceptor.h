// SPDX-License-Identifier: Apache-2.0

// accept and accept4 on emulated sockets: the only calls that wait.
//
// The program holds the listening socket and may poll it; the supervisor accepts connections from a
// duplicate of it, so that it can give the peer's address as a sockaddr_vm. Four rules follow.
//
// * A call that finds no connection is parked, and the acceptor's own thread waits for its
// listener.
//   It delays no other call.
// * A connection that was taken but could not be delivered (the program is at its descriptor limit,
//   or the thread was killed meanwhile) is kept for the next call. A connection of the
//   supervisor, a nudge, makes the listener readable again; it is discarded when it is accepted.
// * A call that waits costs the supervisor a descriptor for each listener. The last few are
//   reserved for calls that do not wait: a call that would take them is answered at once.
// * With WAIT_KILLABLE_RECV, only the supervisor's answer ends a received call, so a caught signal
//   would wait for the next connection. So parked calls are checked for a pending signal every 0.5
//   to 15 ms; such a call is answered with ERESTARTSYS, which the kernel turns into EINTR or a
//   restart, as the handler's SA_RESTART says. A call whose thread is gone is dropped at the same
//   time, or when its pidfd becomes readable.
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
#include "sim/supervisor/pidfd_cache.h"
#include "sim/supervisor/seccomp_notify.h"
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

    // Releases the listeners of calls that no longer wait, and returns whether there were any.
    bool forget_the_dead();
    [[nodiscard]] std::size_t parked_calls();

  private:
    using Clock = std::chrono::steady_clock;
    struct Parked {
        SystemCall call;
        bool has_timeout = false;  // SO_RCVTIMEO, which ends at `deadline`
        Clock::time_point deadline;
        Clock::time_point next_look;
        Clock::duration interval;
        int looks_with_signal = 0;  // in a row, at which one waited
    };
    struct Listener {
        unsigned id = 0;        // names it to epoll
        EmulatedSocket socket;  // held only while calls are parked on it
        std::deque<Parked> parked;
        std::deque<UniqueFd> kept;
        std::optional<transports::UnixAddress> address;  // its own, once something was kept
        UniqueFd nudge;          // the client end of our connection in its queue
        std::string nudge_name;  // of that end
    };
    // What is known of a listener without holding it.
    struct Origin {
        std::uint64_t cookie;
        std::optional<transports::UnixAddress> address;
    };
    using Listeners = std::unordered_map<std::uint64_t, Listener>;

    void run();
    void serve(unsigned id);
    void end_nudge(unsigned id);
    void look_around();
    // What was done with a call: whether it has been answered or is gone.
    [[nodiscard]] bool look_at(Parked& parked, Clock::time_point now);
    void deliver(const SystemCall& call, Tracee& tracee, const Origin& listener,
                 UniqueFd connection);
    [[nodiscard]] SyscallReply park(const SystemCall& call, EmulatedSocket listener);
    void keep(const Origin& listener, UniqueFd connection);
    [[nodiscard]] SyscallReply refuse(int failure);
    [[nodiscard]] static Origin origin_of(const EmulatedSocket& listener);

    // With mutex_ held. No connection there: an empty descriptor.
    [[nodiscard]] OrErrno<UniqueFd> take(int listener, Listener* known);
    [[nodiscard]] OrErrno<UniqueFd> accept_one(int listener, Listener* known, bool& was_nudge);
    [[nodiscard]] Listener& at(std::uint64_t cookie);
    [[nodiscard]] Listeners::iterator find(unsigned id);
    void nudge(Listener& listener);
    void tidy(Listeners::iterator listener);
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

    std::mutex mutex_;
    Listeners listeners_;  // those with parked calls or kept connections, by cookie
    unsigned next_id_ = 1;
    Clock::time_point timer_at_ = Clock::time_point::max();

    std::thread thread_;
};

}  // namespace glovebox::supervisor
