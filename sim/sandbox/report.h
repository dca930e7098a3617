// SPDX-License-Identifier: Apache-2.0

// What the processes of a sandbox that is being made tell each other, one message each.
//
// The report socket is a SOCK_SEQPACKET pair between the maker and everything inside. It is the
// sandbox's lifeline too: when the maker's end closes, whatever ended the maker, PID 1 ends and the
// kernel ends everything inside.
//
//   maker -> outer process   "go": its ID maps are written             1 byte
//   any of them -> maker     failed   stage, step, errno               it could not be made
//   PID 1 -> maker           started  (its PID comes as credentials)   before anything else
//   program -> maker         ready    (its PID comes as credentials,   just before exec
//                            a descriptor of the hook's as SCM_RIGHTS)
//   PID 1 -> maker           executed | not_executed errno             what became of the exec
//   PID 1 -> maker           exited   wait status                      the program's end
//
// A second pair joins the outer process and PID 1 (outer_process.h); each ends when it finds the
// other's end closed.
//
//   outer process -> PID 1   mapped                                    PID 1's ID maps are written
//   PID 1 -> outer process   built    (the tree of mounts, detached)
//   outer process -> PID 1   locked   (the mount namespace that has it, locked)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <type_traits>

#include "core/base/unique_fd.h"

namespace glovebox::sandbox {

struct Report {
    enum class Kind : std::uint32_t {
        failed = 1,
        started,
        ready,
        executed,
        not_executed,
        exited,
        mapped,
        built,
        locked,
    };
    // Where it failed; `step` says which of the plan's steps.
    enum class Stage : std::uint32_t {
        none,
        go,  // the maker went away, or could not write the ID maps
        cgroup_namespace,
        propagation,  // every mount private
        inner_namespaces,
        inner_ids,
        lock,
        identity,  // setresuid, setgroups
        host_name,
        step,
        signals,
        fork,
        standard_streams,
        working_directory,
        limits,
        cpus,
        hook,
    };

    Kind kind = Kind::failed;
    Stage stage = Stage::none;
    std::int32_t step = -1;
    std::int32_t error = 0;   // errno; of `started`: why cgroup namespaces can't be forbidden, or 0
    std::int32_t status = 0;  // as waitpid gives it
};
static_assert(std::is_trivially_copyable_v<Report>);

// In the sandbox: sends one report; with a descriptor where `descriptor` >= 0. Async-signal-safe.
// Returns 0 or errno.
int send_report(int socket, const Report& report, int descriptor = -1);

// In the sandbox: reports a failure and ends this process.
[[noreturn]] void fail(int socket, Report::Stage stage, int error, int step = -1) noexcept;

// A report with what came along.
struct ReceivedReport {
    Report report;
    pid_t sender = -1;    // in the receiver's PID namespace, where it asked for credentials
    int descriptor = -1;  // the receiver's to close
};

// Waits for the next report. False at the end of the stream, or with errno set on a failure.
// Async-signal-safe.
bool receive_report(int socket, ReceivedReport& received);

// Waits for PID 1's or the outer process's word, and gives the descriptor that came with it. Ends
// this process when the other one has ended, which has told the maker why. Async-signal-safe.
[[nodiscard]] UniqueFd expect_report(int socket, Report::Kind kind) noexcept;

}  // namespace glovebox::sandbox
