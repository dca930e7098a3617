// SPDX-License-Identifier: Apache-2.0

// The connections of a proxy that are open, with what they were judged by: so that those which new
// rules forbid can be ended.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "core/address/target.h"
#include "core/address/vsock_address.h"

namespace glovebox::core {

struct JudgedTunnel {
    Cid asker = cid_any;
    Target target{IpAddress(), 0};
    boost::asio::ip::tcp::endpoint endpoint;  // that the target was resolved to
};

// Every function may be called from any loop.
class OpenTunnels {
    struct State;

  public:
    OpenTunnels();

    // One that is open, until this object is destroyed on its loop.
    class Place {
      public:
        Place(Place&&) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place();

        // Of a relay, which sets it: ends the relay. Used on the loop.
        [[nodiscard]] std::function<void()>& canceller();
        // Whether new rules forbid it. On the loop.
        [[nodiscard]] bool is_forbidden() const;

      private:
        friend class OpenTunnels;
        struct Entry;
        Place(std::shared_ptr<State> state, std::shared_ptr<Entry> entry)
            : state_(std::move(state)), entry_(std::move(entry)) {}

        std::shared_ptr<State> state_;
        std::shared_ptr<Entry> entry_;
    };

    [[nodiscard]] Place add(const boost::asio::any_io_executor& loop, JudgedTunnel tunnel);

    // Has all that are not allowed end, and returns how many.
    std::size_t end_unless(const std::function<bool(const JudgedTunnel& tunnel)>& is_allowed);

  private:
    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
