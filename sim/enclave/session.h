// The process that `glovebox run` and `glovebox parent` are while their programs run: it starts
// them, supervises each tree, relays signals, adopts orphans, and ends with the last of them.
#pragma once

#include <signal.h>

#include <list>
#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/vsock_address.h"
#include "sim/enclave/cid_claim.h"
#include "sim/supervisor/launch.h"
#include "sim/supervisor/supervisor.h"
#include "transports/world.h"

namespace glovebox::enclave {

// One program to run, and where.
struct RunOptions {
    bool is_parent = false;
    std::optional<core::Cid> cid;  // of an enclave; the next free one without
    supervisor::Program program;
    nsm::NsmDevice* nsm = nullptr;  // an enclave's; outlives the run
};

class Session {
  public:
    // Throws ErrorException where the process can't be prepared. What is given by reference
    // outlives it. The calling thread's signals are blocked for as long as it lives.
    Session(transports::World& world, Log& log);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Runs one program and whatever it starts, to the end of the last of them. Its exit status, or
    // 128 and the signal that killed it.
    [[nodiscard]] Result<int> run(const RunOptions& options);

  private:
    struct Run {
        std::optional<CidClaim> claim;
        pid_t process = 0;
        std::optional<int> exit_status;
        std::unique_ptr<supervisor::Supervisor> supervisor;
    };

    [[nodiscard]] Result<Run*> start(const RunOptions& options);
    void wait_for_events();
    void take_signals();
    void reap();
    void end_runs();

    transports::World& world_;
    Log& log_;
    supervisor::SignalState signals_before_;
    UniqueFd signal_fd_;
    std::list<Run> runs_;
};

}  // namespace glovebox::enclave
