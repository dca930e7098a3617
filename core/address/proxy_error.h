// SPDX-License-Identifier: Apache-2.0

// Why the proxy could not bring a connection to its target: the codes that programs match on. The
// sentence for a person travels beside them in Error::message.
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace glovebox::core {

enum class ProxyError {
    bad_target = 1,     // a malformed host, port, rule or file
    not_allowed,        // the allowlist has no rule for it
    name_unknown,       // the name does not exist, or has no address
    lookup_failed,      // the name servers could not answer
    lookup_timed_out,   // no answer within the deadline
    lookup_queue_full,  // too many lookups are under way already
    connect_timed_out,  // no address answered in time
    not_permitted,      // the kernel denies it to this process
    tunnel_refused,     // the proxy on the way does not open a tunnel
};

[[nodiscard]] const boost::system::error_category& proxy_category() noexcept;
[[nodiscard]] boost::system::error_code make_error_code(ProxyError code) noexcept;

}  // namespace glovebox::core

template <>
struct boost::system::is_error_code_enum<glovebox::core::ProxyError> : std::true_type {};
