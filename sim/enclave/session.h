// SPDX-License-Identifier: Apache-2.0

// A session: `glovebox run` or `glovebox parent` while its program runs. It starts the program,
// supervises its tree, relays signals, adopts orphans, starts runs that are requested from inside
// the tree (delegation.h), and ends with the last of them.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "sim/enclave/console.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/faulty_nsm.h"
#include "sim/enclave/kernel_listeners.h"
#include "sim/enclave/record.h"
#include "sim/enclave/reservation.h"
#include "sim/enclave/sandboxed_program.h"
#include "sim/enclave/signal_relay.h"
#include "sim/enclave/traffic.h"
#include "sim/supervisor/launch.h"
#include "sim/supervisor/supervisor.h"
#include "sim/supervisor/syscall_filter.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::enclave {

// When an enclave counts as ready.
struct Readiness {
    // When it listens on this vsock port; without a port, when its program has been executed. An
    // enclave that does not listen within the limit is ended, and run() returns an error that says
    // which ports it listens on.
    std::optional<core::Port> port;
    std::chrono::milliseconds limit = std::chrono::seconds(30);
    // Called once, when it is ready, after `started`. `world` is the descriptor of the world's
    // directory.
    std::function<void(const EnclaveRecord&, int world)> reached;
};

// The heartbeat of an image's own init, which sends it itself.
struct InitHeartbeat {
    // Readable before it is answered (HeartbeatListener); not owned. -1: nobody tells, and the
    // enclave has started when its init has been executed.
    int answered = -1;
    // An enclave whose heartbeat has not come by then is ended, and run() returns an error.
    std::chrono::milliseconds limit = std::chrono::seconds(180);
};

// One program to run, and where.
struct RunOptions {
    bool is_parent = false;
    std::optional<core::Cid> cid;  // an enclave's; empty: the next free one
    // Where the caller has reserved the CID already.
    std::shared_ptr<Reservation> reservation;
    supervisor::Program program;
    nsm::NsmDevice* nsm = nullptr;         // an enclave's; outlives the run
    ShiftedClock* module_clock = nullptr;  // its clock, which the world's faults shift; or null
    std::optional<supervisor::MetadataRedirect> metadata;  // a parent's
    bool trace = false;                                    // log calls and connections
    bool trace_connections = false;                        // log connections alone
    std::size_t trace_traffic = 0;  // and so many bytes of each of their directions
    bool kernel_vsock = false;      // AF_VSOCK is this machine's kernel's, not simulated

    // An enclave's sandbox; empty for a program that keeps its files and network.
    std::optional<sandbox::SandboxPlan> room;
    // The level at which to log that a sandbox is less than was asked for.
    LogLevel shortfalls = LogLevel::info;
    InitHeartbeat heartbeat;  // where the sandbox's program is an image's own init
    // If the machine does not allow namespaces, the program runs without a sandbox, and the log
    // explains why.
    bool room_is_a_wish = false;
    // Called in that case: what its environment has then, beside this process's own.
    std::function<std::vector<std::string>()> variables_without_room;
    Console* console = nullptr;  // required for a sandbox; outlives the run
    bool live_console = false;   // copy it to standard output as well
    // The enclave's record for `glovebox ps`. The session fills in CID, process, isolation and
    // times.
    EnclaveRecord record;
    // Called when an enclave's program has been executed, and when it has ended.
    std::function<void(const EnclaveRecord&)> started;
    Readiness readiness;
    std::function<void(const EnclaveRecord&, int world)> ended;
};

class Session {
  public:
    // Throws ErrorException if the process cannot be prepared. The references outlive it. As long
    // as it lives, the signals of SignalRelay are blocked in the calling thread.
    Session(transports::World& world, const Clock& clock, Log& log);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Runs one program, and everything that it starts, until the last of them has ended; an
    // enclave's heartbeat comes first, unless its init sends it. Returns the program's exit status,
    // or 128 and the signal that killed it; for an init exit_status_of_init (kernel_end.h).
    // Errors: the program could not be started (execve's errno), a sandbox or the supervision is
    // impossible, the CID is taken, the heartbeat failed, or the enclave was not ready in time.
    [[nodiscard]] Result<int> run(const RunOptions& options);

  private:
    [[nodiscard]] Result<void> start(const RunOptions& options);
    [[nodiscard]] Result<UniqueFd> start_program(const RunOptions& options,
                                                 supervisor::FilterOptions filtered,
                                                 std::vector<std::string> variables);
    [[nodiscard]] Result<UniqueFd> start_in_room(const RunOptions& options,
                                                 supervisor::FilterOptions filtered);
    [[nodiscard]] Result<void> begin_record(const RunOptions& options);
    void announce(const RunOptions& options);
    void end_record(const RunOptions& options);
    void write_record();
    [[nodiscard]] supervisor::OrErrno<UniqueFd> open_door(pid_t thread);
    void explain_refusal(core::VsockAddress target);
    [[nodiscard]] Result<void> watch_for_readiness(const RunOptions& options);
    void look_for_readiness(const RunOptions& options);
    [[nodiscard]] bool is_listening(const RunOptions& options);
    void look_for_heartbeat(const RunOptions& options, bool is_answered);
    void write_kernels_end();
    [[nodiscard]] int milliseconds_to_wait() const;
    void wait_for_events(const RunOptions& options);
    void take_signals();
    void signal_program(int number);
    void power_off();
    // Without a sandbox: also what is left behind by those that end now.
    void end_processes();
    void take_end(pid_t child, int wait_status);
    void reap();
    void end_program(int wait_status);
    void take_program_end();

    transports::World& world_;
    const Clock& clock_;
    Log& log_;
    supervisor::InheritedState inherited_;
    SignalRelay signals_;
    UniqueFd door_event_;  // a client has opened /dev/glovebox

    std::shared_ptr<Reservation> reservation_;  // an enclave's
    std::unique_ptr<SandboxedProgram> room_;
    bool loses_privileges_ = false;  // the program, which runs without a sandbox
    bool runs_init_ = false;         // the program of the sandbox is an image's own init
    bool awaits_heartbeat_ = false;
    std::chrono::steady_clock::time_point heartbeat_deadline_;
    std::optional<supervisor::Keeper> keeper_;    // at --isolation none
    std::unique_ptr<supervisor::Tracer> tracer_;  // of a container that denies AF_VSOCK
    pid_t process_ = 0;                           // the program, or PID 1 of its sandbox
    std::optional<supervisor::BoundNames> names_;
    std::optional<int> exit_status_;
    std::optional<int> wait_status_;  // of the program, if it ended by itself
    bool power_is_off_ = false;
    bool has_ended_processes_ = false;
    int passed_on_ = 0;  // the last signal that the program was sent
    std::optional<EnclaveRecord> record_;
    UniqueFd console_file_;                               // until the console has it
    std::optional<transports::ListenerWatch> readiness_;  // until it is ready
    std::optional<KernelListeners> kernel_listeners_;  // asked instead, with the kernel's sockets
    std::chrono::steady_clock::time_point readiness_deadline_;
    bool asks_kernel_ = false;
    std::optional<Error> not_ready_;
    Console* console_ = nullptr;
    std::list<Delegation> delegations_;

    std::mutex mutex_;
    std::vector<UniqueFd> new_clients_;  // guarded by mutex_; the supervisor's thread adds to it

    std::set<core::VsockAddress> explained_;  // used by the supervisor's thread only
    std::optional<Traffic> traffic_;
    std::optional<FaultyNsm> faulty_nsm_;  // in a world with faults
    std::unique_ptr<supervisor::Supervisor> supervisor_;
};

}  // namespace glovebox::enclave
