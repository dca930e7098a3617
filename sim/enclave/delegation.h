// SPDX-License-Identifier: Apache-2.0

// `glovebox run` inside a supervised tree.
//
// The kernel allows one listener in a chain of filters. So `glovebox run` cannot supervise a
// program while it is itself a program of another supervised tree. It then asks the outer
// supervisor: opening /dev/glovebox yields a channel, over which the outer process starts the very
// same command outside of the filter, in the client's place:
//
//   client                                     outer
//   run: executable, directory, stdin, stdout, stderr and a file of the arguments and environment
//        ------------------------------------>  starts it, in the client's process group
//   signal: a number  ----------------------->  kill
//                     <-----------------------  ended: its exit status, or refused: an errno value
//
// The client only waits, so exit status, terminal, job control and pipes behave as if it ran by
// itself. If the client is killed, so is the program that it asked for.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {

// The client's side: runs this very command by the outer supervisor and returns its exit status;
// empty if there is no outer supervisor. EPERM if that belongs to another user.
[[nodiscard]] Result<std::optional<int>> run_through_outer_supervisor();

// The outer side, for one client.
class Delegation {
  public:
    Delegation(UniqueFd channel, supervisor::InheritedState inherited)
        : channel_(std::move(channel)), inherited_(inherited) {}

    [[nodiscard]] int channel() const { return channel_.get(); }
    // The process that runs for the client; 0 before it starts and after it has ended.
    [[nodiscard]] pid_t process() const { return process_; }
    // Reads and carries out a message of the client. Call it when channel() is readable.
    void take_message();
    // Reports the end of the process, which was waited for, to the client.
    void end(int exit_status);
    // Whether both the client and its process have ended.
    [[nodiscard]] bool is_over() const { return !channel_ && process_ == 0; }

  private:
    void refuse(int errno_value) const;

    UniqueFd channel_;
    supervisor::InheritedState inherited_;
    pid_t process_ = 0;
};

}  // namespace glovebox::enclave
