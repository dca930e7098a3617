// SPDX-License-Identifier: Apache-2.0

// Runs inside a supervised tree.
//
// The kernel allows one listener in a chain of filters, so `glovebox run` can't supervise a tree
// while it is itself a program of another one. It asks the outer supervisor then: opening
// /dev/glovebox gives it a channel, over which the outer process starts the very same command
// outside the filter, in the client's place:
//
//   client                                     outer
//   run: executable, directory, stdin, stdout, stderr and a file of the arguments and environment
//        ------------------------------------>  starts it, in the client's process group
//   signal: a number  ----------------------->  kill
//                     <-----------------------  ended: its exit status, or refused: an errno value
//
// The client does nothing but wait, so exit status, terminal, job control and pipes are as if it
// ran by itself. When it is killed, so is what it asked for.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {

// The client's side: the exit status of this very command, run by the outer supervisor; nothing
// when there is none.
[[nodiscard]] Result<std::optional<int>> run_through_outer_supervisor();

// The outer side: one client.
class Delegation {
  public:
    Delegation(UniqueFd channel, supervisor::InheritedState inherited)
        : channel_(std::move(channel)), inherited_(inherited) {}

    [[nodiscard]] int channel() const { return channel_.get(); }
    // The process that runs for the client; 0 before and after.
    [[nodiscard]] pid_t process() const { return process_; }
    // Takes what the client sent; to be called when the channel is readable.
    void take_message();
    // The process has ended, and was waited for.
    void end(int exit_status);
    // Nothing is left to do.
    [[nodiscard]] bool is_over() const { return !channel_ && process_ == 0; }

  private:
    void refuse(int errno_value) const;

    UniqueFd channel_;
    supervisor::InheritedState inherited_;
    pid_t process_ = 0;
};

}  // namespace glovebox::enclave
