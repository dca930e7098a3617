// SPDX-License-Identifier: Apache-2.0

// What is known of an enclave in its world, for `glovebox ps`, `stop` and `logs`:
//
//   <world>/<cid>.record    a JSON object, replaced as a whole
//   <world>/<cid>.console   what the program wrote (console.h)
//   <world>/<cid>.log       what a detached `glovebox run` wrote (detachment.h)
//
// There is no daemon: `glovebox run` writes the record when the program has started and again when
// it has ended. A record that says "running" of a process that is no more was left by a
// `glovebox run` that was killed, and is read as such. Both files stay until the CID's next enclave
// or `glovebox clean`.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"

namespace glovebox::enclave {

struct EnclaveRecord {
    core::Cid cid = 0;
    pid_t process = 0;                // of `glovebox run`
    std::uint64_t process_start = 0;  // process_start_time() of it
    std::string isolation;            // "sandbox", "none"
    std::vector<std::string> command;
    std::string directory;  // its root file system; empty without one
    bool debug = false;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<unsigned> cpu_count;
    std::int64_t started = 0;  // milliseconds since 1970
    std::string details;       // what nitro-cli knows of it, as JSON; else empty

    std::optional<std::int64_t> ended;  // the same; empty while it runs
    int exit_status = 0;                // of `glovebox run`
    bool was_stopped = false;           // by `glovebox stop`
    std::string reason;                 // "exited with 3", "killed by signal 9 (Killed)"

    bool operator==(const EnclaveRecord&) const = default;
};

[[nodiscard]] boost::json::object to_object(const EnclaveRecord& record);
[[nodiscard]] std::string to_json(const EnclaveRecord& record);
[[nodiscard]] Result<EnclaveRecord> parse_record(std::string_view json);

[[nodiscard]] std::string record_file_name(core::Cid cid);
[[nodiscard]] std::string console_file_name(core::Cid cid);
[[nodiscard]] std::string log_file_name(core::Cid cid);

// In the world whose directory this descriptor is.
[[nodiscard]] Result<void> write_record(int world, const EnclaveRecord& record);
// All records, by CID. Those of killed runs say so: ended (at an unknown time, 0), with a reason.
[[nodiscard]] std::vector<EnclaveRecord> read_records(int world);
// A new, empty console file for reading and writing, in the place of an older one.
[[nodiscard]] Result<UniqueFd> make_console_file(int world, core::Cid cid);
// The same for the log of a detached run.
[[nodiscard]] Result<UniqueFd> make_log_file(int world, core::Cid cid);

// When the process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 for none.
// With the process id it names a process once and for all.
[[nodiscard]] std::uint64_t process_start_time(pid_t process);
[[nodiscard]] bool is_alive(const EnclaveRecord& record);

// "exited with 3", "killed by signal 11 (Segmentation fault)".
[[nodiscard]] std::string describe_wait_status(int status);

}  // namespace glovebox::enclave
