// SPDX-License-Identifier: Apache-2.0

// The errors of an NSM. On the wire an error is {"Error": name} (nsm-api src/api/mod.rs,
// ErrorCode).
#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <string_view>

namespace glovebox::nsm {

enum class NsmError {
    invalid_argument = 1,  // a field has a value that is not allowed
    invalid_index,         // a PCR index or a range beyond the 32 registers
    invalid_response,      // an answer that is malformed or belongs to another request
    read_only_index,       // the PCR is locked
    invalid_operation,     // not a request: malformed, unknown, or a field of the wrong type
    buffer_too_small,      // the answer does not fit
    input_too_large,       // the request is longer than request_bytes_max
    internal_error,
};

// The name on the wire: "InvalidIndex". The text is static.
[[nodiscard]] std::string_view wire_name(NsmError error);
// Empty for an unknown name.
[[nodiscard]] std::optional<NsmError> nsm_error_of(std::string_view wire_name);

[[nodiscard]] const boost::system::error_category& nsm_error_category();
[[nodiscard]] boost::system::error_code make_error_code(NsmError error);

}  // namespace glovebox::nsm

template <>
struct boost::system::is_error_code_enum<glovebox::nsm::NsmError> : std::true_type {};
