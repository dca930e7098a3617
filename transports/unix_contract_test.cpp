// SPDX-License-Identifier: Apache-2.0

// The contract over the Unix transport: a parent that listens, an enclave that dials.

#include "core/base/testing/temporary_directory.h"
#include "transports/contract/contract.h"
#include "transports/unix_transport.h"

namespace glovebox::transports {
namespace {

constexpr core::Cid enclave_cid = 16;

class UnixMachine final : public Machine {
  public:
    std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor executor) override {
        return side(std::move(executor), core::cid_parent);
    }
    std::unique_ptr<core::Transport> dialling_side(boost::asio::any_io_executor executor) override {
        return side(std::move(executor), enclave_cid);
    }
    [[nodiscard]] core::Cid bound_cid() const override { return core::cid_any; }
    [[nodiscard]] core::Cid dialled_cid() const override { return core::cid_parent; }
    [[nodiscard]] core::Cid seen_cid() const override { return enclave_cid; }
    [[nodiscard]] std::size_t leftovers(std::size_t open_listeners) const override {
        constexpr std::size_t key_files = 1;
        return TemporaryDirectory::entries_in(world_->path()) - key_files - open_listeners;
    }

  private:
    std::unique_ptr<core::Transport> side(boost::asio::any_io_executor executor, core::Cid own) {
        return std::make_unique<UnixTransport>(std::move(executor), world_, own, false);
    }

    TemporaryDirectory scratch_;
    std::shared_ptr<World> world_ = World::open(scratch_ / "world").value();
};

INSTANTIATE_TEST_SUITE_P(OverUnix, TransportContract,
                         testing::Values(Backend{"unix",
                                                 [] { return std::make_unique<UnixMachine>(); }}));

}  // namespace
}  // namespace glovebox::transports
