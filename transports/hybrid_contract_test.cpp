// SPDX-License-Identifier: Apache-2.0

// The contract over the hybrid transport, once for each side that connects. What the convention
// does not say is tells_ports(): the host does not learn the guest's port.

#include "core/base/testing/temporary_directory.h"
#include "core/service/process_setup.h"
#include "transports/contract/contract.h"
#include "transports/hybrid_transport.h"
#include "transports/testing/monitor.h"

namespace glovebox::transports {
namespace {

constexpr core::Cid guest_cid = 16;

class GuestDials final : public Machine {
  public:
    std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor executor) override {
        return std::make_unique<HybridTransport>(std::move(executor),
                                                 HybridGuests{{guest_cid, path()}});
    }
    std::unique_ptr<core::Transport> dialling_side(boost::asio::any_io_executor executor) override {
        return std::make_unique<GuestDialler>(std::move(executor), path(), guest_cid);
    }
    [[nodiscard]] core::Cid bound_cid() const override { return core::cid_any; }
    [[nodiscard]] core::Cid dialled_cid() const override { return core::cid_host; }
    [[nodiscard]] core::Cid seen_cid() const override { return guest_cid; }
    [[nodiscard]] bool tells_ports() const override { return false; }
    [[nodiscard]] std::size_t leftovers(std::size_t open_listeners) const override {
        return TemporaryDirectory::entries_in(scratch_.path()) - open_listeners;
    }

  private:
    [[nodiscard]] std::string path() const { return scratch_ / "v.sock"; }

    TemporaryDirectory scratch_;
};

class HostDials final : public Machine {
  public:
    HostDials() { core::ignore_sigpipe(); }
    std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor executor) override {
        serve_guest(executor, path(), network_, guest_cid);
        return std::make_unique<core::MemoryTransport>(network_, guest_cid);
    }
    std::unique_ptr<core::Transport> dialling_side(boost::asio::any_io_executor executor) override {
        return std::make_unique<HybridTransport>(std::move(executor),
                                                 HybridGuests{{guest_cid, path()}});
    }
    [[nodiscard]] core::Cid bound_cid() const override { return core::cid_any; }
    [[nodiscard]] core::Cid dialled_cid() const override { return guest_cid; }
    [[nodiscard]] core::Cid seen_cid() const override { return core::cid_host; }
    [[nodiscard]] bool spans_processes() const override { return false; }
    [[nodiscard]] std::size_t leftovers(std::size_t) const override {
        constexpr std::size_t monitors_socket = 1;
        return TemporaryDirectory::entries_in(scratch_.path()) - monitors_socket;
    }

  private:
    [[nodiscard]] std::string path() const { return scratch_ / "v.sock"; }

    TemporaryDirectory scratch_;
    core::MemoryNetwork network_;
};

INSTANTIATE_TEST_SUITE_P(
    OverHybrid, TransportContract,
    testing::Values(Backend{"guest_dials", [] { return std::make_unique<GuestDials>(); }},
                    Backend{"host_dials", [] { return std::make_unique<HostDials>(); }}));

}  // namespace
}  // namespace glovebox::transports
