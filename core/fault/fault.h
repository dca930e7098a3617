// SPDX-License-Identifier: Apache-2.0

// A fault as a value: what goes wrong on purpose, for whom, from when and how often.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"
#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::fault {

enum class Kind {
    // Of vsock connections.
    refuse,    // a connect is refused
    cut,       // both sides read an end of file, and can't write
    reset,     // both sides read ECONNRESET
    stall,     // no byte is moved
    delay,     // a byte arrives later by `time`
    throttle,  // at most `bytes` a second in each direction
    split,     // at most `bytes` arrive at once
    // Of requests to the KMS.
    kms_throttle,      // ThrottlingException
    kms_latency,       // the answer comes later by `time`
    kms_down,          // the connection is closed without an answer
    kms_500,           // KMSInternalException
    kms_wrong_region,  // the signature's region is refused
    // Of requests to the metadata service.
    imds_latency,
    imds_down,
    // The role's credentials that were issued before `at` have expired.
    imds_expire_credentials,
    // Of requests to security modules.
    nsm_slow,   // the answer comes later by `time`
    nsm_error,  // {"Error": `error`}
    // Of enclaves.
    enclave_kill,   // its power goes off
    enclave_pause,  // none of its processes runs
    enclave_oom,    // its memory is full: its kernel kills a process
    // Of the clocks of modules, the KMS and the metadata service: ahead by `time`.
    clock,
};

// "cut", "kms throttle".
[[nodiscard]] std::string_view name_of(Kind kind);

// The kind of this name; empty for an unknown one.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name);

// "kms", "imds" or "nsm", whose requests it is for, or "enclave"; empty for a fault of connections
// or of the clock.
[[nodiscard]] std::string_view part_of(Kind kind);

[[nodiscard]] bool is_of_connections(Kind kind);

struct Fault {
    Kind kind = Kind::cut;
    // Only connections of this CID, to this CID, to this port. For a fault of an enclave or its
    // module, `to` is its CID.
    std::optional<core::Cid> from = std::nullopt;
    std::optional<core::Cid> to = std::nullopt;
    std::optional<core::Port> port = std::nullopt;
    // Of a connection: once it has carried so many bytes in both directions together, counted from
    // the moment the fault is set.
    std::optional<std::uint64_t> after = std::nullopt;
    // Heals itself after this time, and after it has struck so often.
    std::optional<std::chrono::milliseconds> lasts = std::nullopt;
    std::optional<std::uint32_t> times = std::nullopt;
    std::uint32_t skip = 0;            // so many pass before it strikes the first time
    std::chrono::milliseconds time{};  // of delay, latency and slow; of clock, which may be behind
    std::uint64_t bytes = 0;           // of throttle and split; at least 1
    std::string request = {};          // only requests of this name: "Decrypt"; empty for all
    // Names of enclaves, of which the process with the faults makes the CIDs `from` and `to`; empty
    // where the CID was given. `enclave` is of an enclave or its module, a name or a CID.
    std::string from_name = {};
    std::string to_name = {};
    std::string enclave = {};
    std::string part = {};                       // of clock: only that of "nsm", "kms" or "imds"
    std::string error = {};                      // of nsm_error: "InternalError"
    std::optional<TimePoint> at = std::nullopt;  // of imds_expire_credentials

    // Whether the connection from `client` to `listener` is one that the fault is for.
    [[nodiscard]] bool is_for(core::VsockAddress client, core::VsockAddress listener) const;
    // Whether it strikes once when it is set, and then is over: the connections that are open, or
    // an enclave.
    [[nodiscard]] bool is_momentary() const;
};

// "cut connections from 16 to 3:8000 after 1000 bytes, 2 times".
[[nodiscard]] std::string describe(const Fault& fault);

// As it goes to the process that has the faults of a world, and back. Times are milliseconds.
[[nodiscard]] boost::json::object to_json(const Fault& fault);
[[nodiscard]] Result<Fault> fault_from_json(const boost::json::object& object);

}  // namespace glovebox::fault
