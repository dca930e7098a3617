// SPDX-License-Identifier: Apache-2.0

// What `glovebox run` and `glovebox parent` are while their program runs: they start it, supervise
// its tree, relay signals, adopt orphans, start what is asked for from inside the tree
// (delegation.h), and end with the last of them.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/vsock_address.h"
#include "sim/enclave/cid_claim.h"
#include "sim/enclave/console.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/earlier_enclave.h"
#include "sim/enclave/record.h"
#include "sim/enclave/sandboxed_program.h"
#include "sim/enclave/signal_relay.h"
#include "sim/enclave/traffic.h"
#include "sim/supervisor/launch.h"
#include "sim/supervisor/supervisor.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::enclave {

// When an enclave counts as ready.
struct Readiness {
    // When it listens on this vsock port. One that does not within the limit is ended, and run() is
    // an error that says which ports it listens on. Without a port: when its program has been
    // executed.
    std::optional<core::Port> port;
    std::chrono::milliseconds limit = std::chrono::seconds(30);
    // Called once it is ready, after `started`; with the descriptor of the world's directory.
    std::function<void(const EnclaveRecord&, int world)> reached;
};

// One program to run, and where.
struct RunOptions {
    bool is_parent = false;
    std::optional<core::Cid> cid;  // of an enclave; the next free one without
    supervisor::Program program;
    nsm::NsmDevice* nsm = nullptr;                         // an enclave's; outlives the run
    std::optional<supervisor::MetadataRedirect> metadata;  // a parent's
    bool trace = false;                                    // tell calls and connections in the log

    // An enclave's sandbox; empty for a program that keeps its files and network.
    std::optional<sandbox::SandboxPlan> room;
    // The level at which to log that a sandbox is less than was asked for.
    LogLevel shortfalls = LogLevel::info;
    // If the machine does not allow namespaces, the program runs without a sandbox and the log
    // explains why.
    bool room_is_a_wish = false;
    Console* console = nullptr;  // of a sandbox; outlives the run
    bool live_console = false;   // shown on our standard output as well
    // What `glovebox ps` shows of an enclave; CID, process and times are the session's to know.
    EnclaveRecord record;
    // Called when an enclave's program has been executed, and when it has ended (with the
    // descriptor of the world's directory).
    std::function<void(const EnclaveRecord&)> started;
    Readiness readiness;
    std::function<void(const EnclaveRecord&, int world)> ended;
};

class Session {
  public:
    // Throws ErrorException where the process can't be prepared. What is given by reference
    // outlives it. The calling thread's signals are blocked for as long as it lives.
    Session(transports::World& world, const Clock& clock, Log& log);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Runs one program and whatever it starts, to the end of the last of them: its heartbeat, then
    // the program. Its exit status, or 128 and the signal that killed it.
    [[nodiscard]] Result<int> run(const RunOptions& options);

  private:
    [[nodiscard]] Result<void> start(const RunOptions& options);
    [[nodiscard]] Result<UniqueFd> start_program(const RunOptions& options,
                                                 const std::vector<sock_filter>& filter);
    [[nodiscard]] Result<UniqueFd> start_in_room(const RunOptions& options,
                                                 const std::vector<sock_filter>& filter);
    [[nodiscard]] Result<void> begin_record(const RunOptions& options);
    void announce(const RunOptions& options);
    void end_record(const RunOptions& options);
    void write_record();
    [[nodiscard]] supervisor::OrErrno<UniqueFd> open_door(pid_t thread);
    void explain_refusal(core::VsockAddress target);
    [[nodiscard]] Result<void> watch_for_readiness(const RunOptions& options);
    void look_for_readiness(const RunOptions& options);
    [[nodiscard]] int milliseconds_to_wait() const;
    void wait_for_events(const RunOptions& options);
    void take_signals();
    void signal_program(int number) const;
    void power_off();
    void reap();

    transports::World& world_;
    const Clock& clock_;
    Log& log_;
    supervisor::InheritedState inherited_;
    SignalRelay signals_;
    UniqueFd door_event_;  // somebody came through the door

    std::optional<CidClaim> claim_;
    std::unique_ptr<SandboxedProgram> room_;
    pid_t process_ = 0;  // our child: the program, or the PID 1 of its room
    std::optional<supervisor::BoundNames> names_;
    std::optional<int> exit_status_;
    std::optional<int> wait_status_;  // of the program, where it ended by itself
    bool power_is_off_ = false;
    std::optional<EnclaveRecord> record_;
    std::optional<EarlierEnclave> earlier_;               // until this one has begun
    UniqueFd console_file_;                               // until the console has it
    std::optional<transports::ListenerWatch> readiness_;  // until it is ready
    std::chrono::steady_clock::time_point readiness_deadline_;
    std::optional<Error> not_ready_;
    Console* console_ = nullptr;
    std::list<Delegation> delegations_;

    std::mutex mutex_;
    std::vector<UniqueFd> new_clients_;  // guarded by mutex_: the supervisor's thread adds to it

    std::set<core::VsockAddress> explained_;  // the supervisor's thread alone uses it
    std::optional<Traffic> traffic_;
    std::unique_ptr<supervisor::Supervisor> supervisor_;
};

}  // namespace glovebox::enclave
