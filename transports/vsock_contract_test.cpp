// SPDX-License-Identifier: Apache-2.0

// The contract over the kernel's AF_VSOCK, as a program of its own: it belongs in a virtual
// machine, since on any other machine the vsock device leads to whatever hypervisor runs it. It
// does nothing until GLOVEBOX_CONTRACT_VSOCK says which CIDs to use, three of them:
//
//   GLOVEBOX_CONTRACT_VSOCK="any 1 1" transport_contract_vsock     with the module vsock_loopback
//
// the CID that listeners bind, the CID that is dialled, and the CID that the acceptor sees. In a
// guest with CID 16, "any 16 1" dials its own CID. GLOVEBOX_CONTRACT_CONNECTIONS and
// GLOVEBOX_CONTRACT_BYTES make the long tests shorter on an emulated processor. Privileged ports
// aren't touched.

#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>

#include "transports/contract/contract.h"
#include "transports/vsock_transport.h"

namespace glovebox::transports {
namespace {

constexpr const char* variable = "GLOVEBOX_CONTRACT_VSOCK";

struct Cids {
    core::Cid bound = 0;
    core::Cid dialled = 0;
    core::Cid seen = 0;
};

std::optional<Cids> read_cids() {
    const char* text = std::getenv(variable);
    if (text == nullptr)
        return std::nullopt;
    std::istringstream words(text);
    std::string bound;
    Cids cids;
    words >> bound >> cids.dialled >> cids.seen;
    if (words.fail() || !(words >> std::ws).eof())
        return std::nullopt;
    if (const auto address = core::parse_vsock_address(bound + ":any"))
        cids.bound = address->cid;
    else
        return std::nullopt;
    return cids;
}

class VsockMachine final : public Machine {
  public:
    std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor executor) override {
        return std::make_unique<VsockTransport>(std::move(executor), cids_.dialled);
    }
    std::unique_ptr<core::Transport> dialling_side(boost::asio::any_io_executor executor) override {
        return std::make_unique<VsockTransport>(std::move(executor), cids_.seen);
    }
    [[nodiscard]] core::Cid bound_cid() const override { return cids_.bound; }
    [[nodiscard]] core::Cid dialled_cid() const override { return cids_.dialled; }
    [[nodiscard]] core::Cid seen_cid() const override { return cids_.seen; }
    [[nodiscard]] std::size_t leftovers(std::size_t) const override { return 0; }

  private:
    Cids cids_ = read_cids().value();
};

INSTANTIATE_TEST_SUITE_P(OverVsock, TransportContract,
                         testing::Values(Backend{"vsock",
                                                 [] { return std::make_unique<VsockMachine>(); }}));

}  // namespace
}  // namespace glovebox::transports

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!testing::GTEST_FLAG(list_tests) && !glovebox::transports::read_cids()) {
        std::cerr << "transport_contract_vsock: " << glovebox::transports::variable
                  << " names no CIDs: three were expected, bound, dialled and seen, for example "
                     "\"any 1 1\" in a virtual machine with vsock_loopback\n";
        return 2;
    }
    return RUN_ALL_TESTS();
}
