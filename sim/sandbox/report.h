// SPDX-License-Identifier: Apache-2.0

// The messages between the processes of a sandbox that is being made.
//
// The report socket is a SOCK_SEQPACKET pair between the maker and everything inside. It is also
// the sandbox's lifeline: when the maker's end closes, whatever ended the maker, PID 1 ends, and
// the kernel ends everything inside.
//
//   maker -> outer process   "go": its ID maps are written             1 byte
//   any of them -> maker     failed   stage, step, errno               it could not be made
//   PID 1 -> maker           started  (its PID comes as credentials)   before anything else
//   program -> maker         ready    (its PID comes as credentials,   just before exec
//                            a descriptor of the hook's as SCM_RIGHTS)
//   PID 1 -> maker           executed | not_executed errno             the result of the exec
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
    // The stage that failed.
    enum class Stage : std::uint32_t {
        none,
        go,  // the maker ended, or could not write the ID maps
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
    // An index into the plan's steps: of stage `step`, the one that failed; of `ready`, the one
    // whose mount failed and was bound read-only instead, or -1.
    std::int32_t step = -1;
    std::int32_t error = 0;   // errno; of `started`: why cgroup namespaces can't be forbidden, or 0
    std::int32_t status = 0;  // as waitpid gives it
};
static_assert(std::is_trivially_copyable_v<Report>);

// In the sandbox: sends one report, with a descriptor if `descriptor` >= 0. Returns 0 or an errno.
// Async-signal-safe.
int send_report(int socket, const Report& report, int descriptor = -1);

// In the sandbox: reports a failure and ends this process.
[[noreturn]] void fail(int socket, Report::Stage stage, int error, int step = -1) noexcept;

// A report, its sender and its descriptor.
struct ReceivedReport {
    Report report;
    pid_t sender = -1;    // in the receiver's PID namespace; -1 unless the socket has SO_PASSCRED
    int descriptor = -1;  // the receiver closes it; -1: none
};

// Waits for the next report. Returns false at the end of the stream (errno 0) or on a failure
// (errno). Async-signal-safe.
bool receive_report(int socket, ReceivedReport& received);

// In PID 1 and the outer process: waits for this report of the other, and returns the descriptor
// that came with it. If the other has ended, which has told the maker why, this process ends too.
// Async-signal-safe.
[[nodiscard]] UniqueFd expect_report(int socket, Report::Kind kind) noexcept;

}  // namespace glovebox::sandbox
