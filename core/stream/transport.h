// SPDX-License-Identifier: Apache-2.0

// The interface to reach (cid, port), by two operations, listen and connect. Both return an
// ordinary connected kernel stream socket, so the byte path has no virtual call, half-close is
// shutdown(2), and relay() can splice.
//
// A backend's handshake stays inside that backend. No code asks which transport it has.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/stream/stream.h"

namespace glovebox::core {

struct Connection {
    Stream stream;
    VsockAddress local;
    VsockAddress peer;
};

// An accepted connection that no event loop has yet.
struct Arrival {
    UniqueFd socket;  // non-blocking
    VsockAddress local;
    VsockAddress peer;

    // The connection on this loop, whose thread calls it. Errors: Stream::make()'s.
    [[nodiscard]] Result<Connection> on(const boost::asio::any_io_executor& executor) &&;
};

// A listening socket for another process, which stays this one's too.
struct SharedListener {
    int fd = -1;
    std::string name;  // by which that process knows it: "8000"
};

class Listener {
  public:
    virtual ~Listener() = default;

    // The next connection; its peer is the CID and port that the connecting side had. An error is
    // final only if the listener was closed (operation_aborted); after others, such as EMFILE, call
    // it again: no connection is lost. Cancel it with Asio's cancellation, for example `accept() ||
    // timer`.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Arrival>> next() = 0;

    // The same, on the loop of the coroutine that calls it.
    [[nodiscard]] boost::asio::awaitable<Result<Connection>> accept();

    // The local address, with the port that was chosen for port_any.
    [[nodiscard]] virtual VsockAddress local() const = 0;

    // Ends a pending next() with operation_aborted. Later connects are refused.
    virtual void close() = 0;

    // The listening sockets, for another process that goes on with them: close() then leaves their
    // names, and refuses nobody as long as that process has them. None for one without sockets.
    [[nodiscard]] virtual std::vector<SharedListener> share() { return {}; }
};

class Transport {
  public:
    virtual ~Transport() = default;

    // Binds and listens. cid_any means this side's own CID, port_any a free port from 1024 up.
    // Errors are AF_VSOCK's: EADDRINUSE (name taken), EADDRNOTAVAIL (another's CID), EACCES (port
    // below 1024 without the privilege for it).
    [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(VsockAddress address) = 0;

    // Errors are AF_VSOCK's: ECONNRESET without a listener (never ECONNREFUSED), if the backlog is
    // full or the CID is not reachable; ETIMEDOUT without an answer, which the kernel says after
    // 2 s and this after `patience` at the latest; ENODEV if this machine has no vsock device.
    // From any loop: the stream is on that of the coroutine that calls it.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Connection>> connect(
        VsockAddress address, std::chrono::milliseconds patience) = 0;

    // This side's CID: 3 on a parent, 16 and up in an enclave.
    [[nodiscard]] virtual Cid local_cid() const = 0;
};

}  // namespace glovebox::core
