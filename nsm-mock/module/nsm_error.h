// SPDX-License-Identifier: Apache-2.0

// The errors that an NSM answers with, {"Error": name} on the wire (nsm-api src/api/mod.rs,
// ErrorCode).
#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <string_view>

namespace glovebox::nsm {

enum class NsmError {
    invalid_argument = 1,  // a field has a value that is not allowed
    invalid_index,         // a PCR index or range beyond what there is
    invalid_response,      // an answer that does not belong to the request
    read_only_index,       // the PCR is locked
    invalid_operation,     // not a request: malformed, unknown, or a field of the wrong type
    buffer_too_small,      // the answer does not fit
    input_too_large,       // the request is longer than request_bytes_max
    internal_error,
};

// "InvalidIndex".
[[nodiscard]] std::string_view wire_name(NsmError error);
[[nodiscard]] std::optional<NsmError> nsm_error_of(std::string_view wire_name);

[[nodiscard]] const boost::system::error_category& nsm_error_category();
[[nodiscard]] boost::system::error_code make_error_code(NsmError error);

}  // namespace glovebox::nsm

template <>
struct boost::system::is_error_code_enum<glovebox::nsm::NsmError> : std::true_type {};
