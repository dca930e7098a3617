// SPDX-License-Identifier: Apache-2.0

// What can go wrong when a sandbox is made, for programs to match on.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <type_traits>

namespace glovebox::sandbox {

enum class SandboxError {
    namespaces_forbidden = 1,  // this machine refuses user namespaces; the sentence names who and
                               // the command that changes it
    set_up_failed,             // one step of building the sandbox failed
    program_not_started,       // the sandbox was ready, the program could not be executed
    bad_request,  // what was asked for can't be a sandbox: no such directory, no command
};

[[nodiscard]] const boost::system::error_category& sandbox_category();
[[nodiscard]] boost::system::error_code make_error_code(SandboxError value);

}  // namespace glovebox::sandbox

template <>
struct boost::system::is_error_code_enum<glovebox::sandbox::SandboxError> : std::true_type {};
