// What a sandbox tells its maker, one message each over a SOCK_SEQPACKET pair. The same pair is the
// sandbox's lifeline: when the maker's end closes, whatever ended him, PID 1 ends and the kernel
// ends everything inside.
//
//   maker -> PID 1    "go": the id maps are written                     1 byte
//   PID 1 -> maker    failed   stage, step, errno                       the room could not be made
//   program -> maker  ready    (his pid comes as credentials, a         just before exec
//                     descriptor of the hook's as SCM_RIGHTS)
//   PID 1 -> maker    executed | not_executed errno                     what became of the exec
//   PID 1 -> maker    exited   wait status                              the program's end
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <type_traits>

namespace glovebox::sandbox {

struct Report {
    enum class Kind : std::uint32_t { failed = 1, ready, executed, not_executed, exited };
    // Where it failed; `step` says which of the plan's steps.
    enum class Stage : std::uint32_t {
        none,
        go,        // the maker went away, or could not write the id maps
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
    std::int32_t error = 0;   // errno
    std::int32_t status = 0;  // as waitpid gives it
};
static_assert(std::is_trivially_copyable_v<Report>);

// In the sandbox: sends one report; with a descriptor where `descriptor` >= 0. Async-signal-safe.
// Returns 0 or errno.
int send_report(int socket, const Report& report, int descriptor = -1);

// In the maker: a report with what came along.
struct ReceivedReport {
    Report report;
    pid_t sender = -1;    // in the receiver's PID namespace
    int descriptor = -1;  // the receiver's to close
};

// Waits for the next report. False at the end of the stream, or with errno set on a failure.
bool receive_report(int socket, ReceivedReport& received);

}  // namespace glovebox::sandbox
