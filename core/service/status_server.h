// SPDX-License-Identifier: Apache-2.0

// A small HTTP server for a process's own state: pages that are texts, by GET, on a TCP port or a
// Unix socket.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "core/relay/pipe_pool.h"
#include "core/stream/acceptor.h"
#include "core/stream/connection_group.h"
#include "core/stream/stream.h"

namespace glovebox::core {

// "127.0.0.1:9100", "[::1]:9100" or, with a slash in it, the path of a Unix socket.
using StatusAddress = std::variant<boost::asio::ip::tcp::endpoint, std::string>;
// Errors: ProxyError::bad_target.
[[nodiscard]] Result<StatusAddress> parse_status_address(std::string_view text);
[[nodiscard]] std::string to_string(const StatusAddress& address);
// Whether only processes of this machine reach it.
[[nodiscard]] bool is_local(const StatusAddress& address);

struct StatusPage {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body;
};
using StatusPages = std::map<std::string, std::function<StatusPage()>>;  // by path: "/healthz"

class StatusServer {
  public:
    // Listens and serves on the executor until it is closed. A Unix socket is this user's alone;
    // one that is left over from a process that ended is replaced. `inherited` is a socket that
    // listens there already, or none. Errors: errno's. All outlive the server.
    [[nodiscard]] static Result<std::unique_ptr<StatusServer>> start(
        const boost::asio::any_io_executor& executor, const StatusAddress& address,
        StatusPages pages, PipePool& pipes, Log& log, UniqueFd inherited = {});
    ~StatusServer();
    StatusServer(const StatusServer&) = delete;
    StatusServer& operator=(const StatusServer&) = delete;

    // With the actual port.
    [[nodiscard]] const StatusAddress& local() const { return local_; }

    // The listening socket, for a process that goes on with it: close() leaves its name then.
    [[nodiscard]] int share();

    // Ends it, and with it the event loop that has nothing else to do.
    void close();

  private:
    StatusServer(const boost::asio::any_io_executor& executor, Acceptor acceptor,
                 StatusAddress local, StatusPages pages, bool owns_name, PipePool& pipes, Log& log);
    boost::asio::awaitable<void> serve(Stream client);
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> answer(Stream& client);

    Acceptor acceptor_;
    StatusAddress local_;
    StatusPages pages_;
    bool owns_name_;  // of a Unix socket
    ConnectionGroup accept_loops_;
    ConnectionGroup connections_;
};

}  // namespace glovebox::core
