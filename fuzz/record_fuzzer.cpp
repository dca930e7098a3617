// SPDX-License-Identifier: Apache-2.0

// Files of runs that somebody else may have made: a record (`glovebox compare`), the events of a
// world, an enclave's record, a module's state and nitro-cli's configuration. The first byte
// chooses which. What is read is written and read again with the same value; a record does not
// differ from itself; nothing that is shown moves a terminal.

#include <boost/json/object.hpp>
#include <string>

#include "core/base/printable.h"
#include "fuzz/require.h"
#include "sim/enclave/nsm_state.h"
#include "sim/enclave/record.h"
#include "sim/inspect/world_digest.h"
#include "sim/nitro_cli/cpu_pool.h"
#include "sim/nitro_cli/enclave_details.h"
#include "sim/nitro_cli/run_arguments.h"
#include "sim/up/record_reader.h"
#include "sim/up/run_comparison.h"

namespace {

using namespace glovebox;

void require_lines_printable(const std::string& text) {
    require(printable_lines(text) == text);
}

void compare_with_itself(const std::string& text) {
    const auto record = up::parse_run_record(text);
    if (!record) {
        require_lines_printable(record.error().message);
        return;
    }
    require(up::compare_runs(*record, *record).differences.empty());
    const auto backward = up::compare_runs({}, *record).differences.size();
    require(up::compare_runs(*record, {}).differences.size() == backward);
}

void digest(const std::string& text) {
    inspect::WorldDigest digest;
    for (const std::string& line : lines_of(text))
        digest.take(line);
    require_lines_printable(digest.text(40));
}

void read_enclave_record(const std::string& text) {
    if (const auto record = enclave::parse_record(text)) {
        const auto again = enclave::parse_record(enclave::to_json(*record));
        require(again && enclave::to_json(*again) == enclave::to_json(*record));
    }
    if (const auto state = enclave::decode_nsm_state(text)) {
        const std::string written = enclave::encode_nsm_state(*state);
        const auto again = enclave::decode_nsm_state(written);
        require(again && enclave::encode_nsm_state(*again) == written);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
    switch (data[0] % 4) {
        case 0:
            compare_with_itself(text);
            break;
        case 1:
            digest(text);
            break;
        case 2:
            read_enclave_record(text);
            break;
        default:
            if (const auto arguments = nitro_cli::parse_run_config(text))
                require(arguments->cpu_count.has_value() == arguments->cpu_ids.empty());
            static_cast<void>(nitro_cli::parse_cpu_list(text));
            static_cast<void>(nitro_cli::EnclaveDetails::from_text(text));
    }
    return 0;
}
