// SPDX-License-Identifier: Apache-2.0

// The contract over the transport within one process: what tests of the proxy stand on behaves like
// vsock too.

#include "core/testing/memory_transport.h"
#include "transports/contract/contract.h"

namespace glovebox::transports {
namespace {

constexpr core::Cid enclave_cid = 16;

class MemoryMachine final : public Machine {
  public:
    std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor /*executor*/) override {
        return std::make_unique<core::MemoryTransport>(network_, core::cid_parent);
    }
    std::unique_ptr<core::Transport> dialling_side(
        boost::asio::any_io_executor /*executor*/) override {
        return std::make_unique<core::MemoryTransport>(network_, enclave_cid);
    }
    [[nodiscard]] core::Cid bound_cid() const override { return core::cid_any; }
    [[nodiscard]] core::Cid dialled_cid() const override { return core::cid_parent; }
    [[nodiscard]] core::Cid seen_cid() const override { return enclave_cid; }
    [[nodiscard]] std::size_t leftovers(std::size_t) const override { return 0; }
    [[nodiscard]] bool spans_processes() const override { return false; }

  private:
    core::MemoryNetwork network_;
};

INSTANTIATE_TEST_SUITE_P(OverMemory, TransportContract,
                         testing::Values(Backend{
                             "memory", [] { return std::make_unique<MemoryMachine>(); }}));

}  // namespace
}  // namespace glovebox::transports
