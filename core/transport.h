// SPDX-License-Identifier: Apache-2.0

// The seam: how (cid, port) is reached. Two verbs, listen and connect; both end in an ordinary
// connected kernel stream socket, so the byte path has no virtual call, half-close is shutdown(2),
// and relay() can splice.
//
// A backend's handshake stays inside that backend, and nobody may ask which transport they hold.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>

#include "core/base/error.h"
#include "core/vsock_address.h"

namespace glovebox::core {

// Any connected stream socket: AF_VSOCK, AF_UNIX or TCP. Non-blocking.
using Stream = boost::asio::generic::stream_protocol::socket;

struct Connection {
    Stream stream;
    VsockAddress local;
    VsockAddress peer;
};

class Listener {
  public:
    virtual ~Listener() = default;

    // The next connection; its peer is the CID and port that the connecting side had. An error is
    // final only when the listener was closed (operation_aborted); others, such as EMFILE, lose
    // nothing and may be tried again. Cancel it with Asio's cancellation, for example `accept() ||
    // timer`.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Connection>> accept() = 0;

    // The address it is bound to, with the port that was chosen when port_any was asked for.
    [[nodiscard]] virtual VsockAddress local() const = 0;

    // Ends a pending accept with operation_aborted; from now on a connect finds nobody listening.
    virtual void close() = 0;
};

class Transport {
  public:
    virtual ~Transport() = default;

    // Binds and listens. cid_any means this side's own CID, port_any a free port from 1024 up.
    // Errors are AF_VSOCK's: EADDRINUSE (name taken), EADDRNOTAVAIL (another's CID), EACCES (port
    // below 1024 where that needs a privilege).
    [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(VsockAddress address) = 0;

    // Errors are AF_VSOCK's: ECONNRESET when nobody listens (never ECONNREFUSED), the backlog is
    // full or that CID isn't reached; ETIMEDOUT when there was no answer; ENODEV where this machine
    // has no vsock device.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Connection>> connect(
        VsockAddress address) = 0;

    // This side's CID: 3 on a parent, 16 and up in an enclave.
    [[nodiscard]] virtual Cid local_cid() const = 0;
};

}  // namespace glovebox::core
