// SPDX-License-Identifier: Apache-2.0

// A transport whose connections have the faults of a Book; at rest it is the transport behind it.
#pragma once

#include <list>
#include <memory>

#include "core/fault/carrier.h"
#include "core/stream/transport.h"

namespace glovebox::fault {

// Of one loop, which the book shares: both outlive its connections' work.
class FaultyTransport final : public core::Transport {
  public:
    FaultyTransport(core::Transport& behind, Book& book) : behind_(behind), book_(book) {}

    Result<std::unique_ptr<core::Listener>> listen(core::VsockAddress address) override {
        return behind_.listen(address);
    }
    boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override { return behind_.local_cid(); }

    // The book has changed: a fault was set or healed.
    void look();
    [[nodiscard]] std::size_t connections() const { return carriers_->size(); }

  private:
    using Carriers = std::list<std::shared_ptr<Carrier>>;

    core::Transport& behind_;
    Book& book_;
    std::shared_ptr<Carriers> carriers_ = std::make_shared<Carriers>();
};

}  // namespace glovebox::fault
