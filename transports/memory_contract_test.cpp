// SPDX-License-Identifier: Apache-2.0

// The contract over the transport within one process: what tests of the proxy stand on behaves like
// vsock too. And the same with faults, none of which is set.

#include "core/fault/faulty_transport.h"
#include "core/testing/memory_transport.h"
#include "transports/contract/contract.h"

namespace glovebox::transports {
namespace {

constexpr core::Cid enclave_cid = 16;

class MemoryMachine : public Machine {
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

  protected:
    core::MemoryNetwork network_;
};

// Only the dialling side has faults: a connection passes one carrier.
class FaultyMachine final : public MemoryMachine {
  public:
    std::unique_ptr<core::Transport> dialling_side(
        boost::asio::any_io_executor /*executor*/) override {
        return std::make_unique<fault::FaultyTransport>(behind_, book_);
    }

  private:
    core::MemoryTransport behind_{network_, enclave_cid};
    fault::Book book_{[](const fault::News&) {}};
};

INSTANTIATE_TEST_SUITE_P(OverMemory, TransportContract,
                         testing::Values(Backend{
                             "memory", [] { return std::make_unique<MemoryMachine>(); }}));

INSTANTIATE_TEST_SUITE_P(WithFaultsAtRest, TransportContract,
                         testing::Values(Backend{
                             "faulty", [] { return std::make_unique<FaultyMachine>(); }}));

}  // namespace
}  // namespace glovebox::transports
