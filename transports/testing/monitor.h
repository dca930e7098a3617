// SPDX-License-Identifier: Apache-2.0

// For tests: a virtual machine's monitor, which leads the guest's vsock to Unix sockets of the host
// (hybrid_transport.h). The guest is a MemoryTransport; its connections are carried by a relay.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "core/base/unique_fd.h"
#include "core/stream/transport.h"
#include "core/testing/memory_transport.h"

namespace glovebox::transports {

// The guest as seen from the inside, for connections that it makes: to a port of the host, which
// has CID 2.
class GuestDialler final : public core::Transport {
  public:
    GuestDialler(boost::asio::any_io_executor executor, std::string path, core::Cid own);

    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override { return own_; }

  private:
    boost::asio::any_io_executor executor_;
    std::string path_;
    core::Cid own_;
    core::Port next_port_ = 1024;
};

// Serves connections of the host to the guest with this CID while the executor's context runs, at
// `path`, which must be free. The network outlives the context.
void serve_guest(const boost::asio::any_io_executor& executor, const std::string& path,
                 core::MemoryNetwork& network, core::Cid guest);

}  // namespace glovebox::transports
