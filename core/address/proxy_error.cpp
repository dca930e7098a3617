// SPDX-License-Identifier: Apache-2.0

#include "core/address/proxy_error.h"

#include <string>

namespace glovebox::core {
namespace {

// Boost's category has a protected life of its own and no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class ProxyCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "glovebox.proxy"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<ProxyError>(code)) {
            case ProxyError::bad_target:
                return "not a target";
            case ProxyError::not_allowed:
                return "not in the allowlist";
            case ProxyError::name_unknown:
                return "no such name";
            case ProxyError::lookup_failed:
                return "the name could not be looked up";
            case ProxyError::lookup_timed_out:
                return "no name server answered in time";
            case ProxyError::lookup_queue_full:
                return "too many lookups under way";
            case ProxyError::connect_timed_out:
                return "no address answered in time";
            case ProxyError::not_permitted:
                return "not permitted to this process";
            case ProxyError::tunnel_refused:
                return "the proxy opens no tunnel";
        }
        return "unknown error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& proxy_category() noexcept {
    static const ProxyCategory category;
    return category;
}

boost::system::error_code make_error_code(ProxyError code) noexcept {
    return {static_cast<int>(code), proxy_category()};
}

}  // namespace glovebox::core
