// SPDX-License-Identifier: Apache-2.0

// The files of an enclave in its world, for `glovebox ps`, `stop` and `logs`:
//
//   <world>/<cid>.record    a JSON object, replaced as a whole
//   <world>/<cid>.console   the program's output (console.h)
//   <world>/<cid>.log       the output of a detached `glovebox run` (detachment.h)
//
// There is no daemon. `glovebox run` writes the record just before the program starts, and again
// when it has ended; for an image also before it is unpacked. A record that says "running" although
// its process is gone was left by a `glovebox run` that was killed, and is read as ended. The files
// stay until the next enclave with the CID or `glovebox clean`.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

struct EnclaveRecord {
    core::Cid cid = 0;
    pid_t process = 0;                // of `glovebox run`
    std::uint64_t process_start = 0;  // process_start_time() of it
    std::string boot;                 // boot_id() of its time
    std::string isolation;            // "sandbox", "none"
    std::vector<std::string> command;
    std::string directory;  // of its root file system; empty without one
    bool debug = false;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<unsigned> cpu_count;
    std::int64_t started = 0;  // milliseconds since 1970
    // Its image is still being measured and unpacked; it has no program and no console yet.
    bool is_unpacking = false;
    std::string details;  // nitro-cli's own facts about it, as JSON; or empty

    std::optional<std::int64_t> ended;  // milliseconds since 1970; empty while it runs
    int exit_status = 0;                // of `glovebox run`
    bool was_stopped = false;           // by `glovebox stop`
    bool was_asked = false;             // its program ended by a signal that `glovebox run` got
    std::string reason;                 // "exited with 3", "killed by signal 9 (Killed)"

    bool operator==(const EnclaveRecord&) const = default;
};

// "running", "unpacking", "ended".
[[nodiscard]] std::string_view state_of(const EnclaveRecord& record);
[[nodiscard]] boost::json::object to_object(const EnclaveRecord& record);
[[nodiscard]] std::string to_json(const EnclaveRecord& record);
// The error names `glovebox clean` as the remedy.
[[nodiscard]] Result<EnclaveRecord> parse_record(std::string_view json);

[[nodiscard]] std::string record_file_name(core::Cid cid);
[[nodiscard]] std::string console_file_name(core::Cid cid);
[[nodiscard]] std::string log_file_name(core::Cid cid);

// Replaces the enclave's record in the world with this directory (a descriptor).
[[nodiscard]] Result<void> write_record(int world, const EnclaveRecord& record);
// All records that can be read, by CID. Those of killed runs have ended = 0, an unknown time, and a
// reason.
[[nodiscard]] std::vector<EnclaveRecord> read_records(int world);
// Makes a new, empty console file, open for reading and appending, in place of an older one. Also
// removes the log of the CID's last enclave.
[[nodiscard]] Result<UniqueFd> make_console_file(int world, core::Cid cid);
// The same for the log of a detached run.
[[nodiscard]] Result<UniqueFd> make_log_file(int world, core::Cid cid);

// The start time of a process, in clock ticks since boot (field 22 of /proc/PID/stat); 0 if there
// is no such process, or it has ended and was not waited for. Together with the PID it identifies a
// process until the machine starts again.
[[nodiscard]] std::uint64_t process_start_time(pid_t process);
// Different after each start of the machine (random(4): boot_id); empty on a kernel without it.
[[nodiscard]] std::string boot_id();
// Makes this process the record's `glovebox run`.
void name_own_process(EnclaveRecord& record);
// Whether the record's `glovebox run` still runs.
[[nodiscard]] bool is_alive(const EnclaveRecord& record);

// "exited with 3", "killed by signal 11 (Segmentation fault)".
[[nodiscard]] std::string describe_wait_status(int status);
// Whether the program ended as this signal asked it to: killed by it, or with 128 and its number.
[[nodiscard]] bool has_ended_by(int wait_status, int signal);

}  // namespace glovebox::enclave
