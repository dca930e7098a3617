// SPDX-License-Identifier: Apache-2.0

// A listening stream socket of any family, or several of them.
#pragma once

#include <sys/socket.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

struct Accepted {
    UniqueFd socket;  // non-blocking
    sockaddr_storage peer{};
    socklen_t peer_size = 0;
    std::size_t listener = 0;  // its place among several
};

class Acceptor {
  public:
    // `listening` is non-blocking. Errors: Readiness::watch()'s.
    [[nodiscard]] static Result<Acceptor> make(const boost::asio::any_io_executor& executor,
                                               UniqueFd listening);
    // The same of several, at least one, which have their turns.
    [[nodiscard]] static Result<Acceptor> make(const boost::asio::any_io_executor& executor,
                                               std::vector<UniqueFd> listening);

    // The next connection. Errors: operation_aborted when closed or cancelled; after others, such
    // as EMFILE, call it again: no connection is lost. The acceptor may be destroyed meanwhile.
    [[nodiscard]] boost::asio::awaitable<Result<Accepted>> accept() const;

    // Of the first one; -1 when closed.
    [[nodiscard]] int native_handle() const;
    // Of all, in their order.
    [[nodiscard]] std::vector<int> native_handles() const;

    // Ends a pending accept.
    void close();

  private:
    struct State;
    explicit Acceptor(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] static boost::asio::awaitable<Result<Accepted>> next(
        std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
