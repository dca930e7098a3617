// SPDX-License-Identifier: Apache-2.0

// Who uses a proxy, as its status page /connections tells it: one line for each enclave, listener
// and target.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::cli {

struct ProxyUsage {
    using Key = std::tuple<core::Cid, std::string, std::string>;  // enclave, listener, target
    struct Use {
        std::uint64_t connections = 0;
        std::uint64_t sent = 0;  // bytes, by connections that are open
        std::uint64_t received = 0;
        double oldest_seconds = 0;
    };
    std::map<Key, Use> uses;

    // Of the page's JSON.
    [[nodiscard]] static Result<ProxyUsage> parse(std::string_view json);
};

// What `before` was, and how long ago: then the table has rates.
struct EarlierUsage {
    ProxyUsage usage;
    std::chrono::duration<double> ago;
};

// The busiest first, at most `rows_max` lines below the heading.
[[nodiscard]] std::string usage_table(const ProxyUsage& usage,
                                      const std::optional<EarlierUsage>& earlier,
                                      std::size_t rows_max);

// "532 B", "1.5 KiB", "20 GiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace glovebox::cli
