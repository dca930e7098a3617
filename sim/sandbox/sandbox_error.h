// SPDX-License-Identifier: Apache-2.0

// The errors of making a sandbox, as codes to match on.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <type_traits>

namespace glovebox::sandbox {

enum class SandboxError {
    namespaces_forbidden = 1,  // this machine refuses user namespaces; the sentence names the cause
                               // and the command that removes it
    set_up_failed,             // one step of building the sandbox failed
    program_not_started,       // the sandbox was ready, the program could not be executed
    bad_request,               // the request cannot be a sandbox: a missing directory, no command
};

[[nodiscard]] const boost::system::error_category& sandbox_category();
[[nodiscard]] boost::system::error_code make_error_code(SandboxError value);

}  // namespace glovebox::sandbox

template <>
struct boost::system::is_error_code_enum<glovebox::sandbox::SandboxError> : std::true_type {};
