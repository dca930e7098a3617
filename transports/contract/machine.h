// SPDX-License-Identifier: Apache-2.0

// What a backend brings to the contract: two sides that can reach each other, and who they are.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "core/stream/transport.h"

namespace glovebox::transports {

// One is started for each test.
class Machine {
  public:
    virtual ~Machine() = default;

    [[nodiscard]] virtual std::unique_ptr<core::Transport> listening_side(
        boost::asio::any_io_executor executor) = 0;
    [[nodiscard]] virtual std::unique_ptr<core::Transport> dialling_side(
        boost::asio::any_io_executor executor) = 0;

    // The CID that the listening side binds, the one that the dialling side dials to reach it, and
    // the one as which the acceptor sees the dialling side.
    [[nodiscard]] virtual core::Cid bound_cid() const = 0;
    [[nodiscard]] virtual core::Cid dialled_cid() const = 0;
    [[nodiscard]] virtual core::Cid seen_cid() const = 0;

    // Whether another process can listen on it: only then can a listener's process be killed.
    [[nodiscard]] virtual bool spans_processes() const { return true; }

    // Whether the acceptor learns the port of the dialling side; otherwise it sees port_any.
    [[nodiscard]] virtual bool tells_ports() const { return true; }

    // What connections have left on disk, beyond the listeners that are open.
    [[nodiscard]] virtual std::size_t leftovers(std::size_t open_listeners) const = 0;
};

struct Backend {
    std::string name;
    std::function<std::unique_ptr<Machine>()> start;
};

inline std::ostream& operator<<(std::ostream& out, const Backend& backend) {
    return out << backend.name;
}

}  // namespace glovebox::transports
