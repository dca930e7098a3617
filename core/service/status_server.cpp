// SPDX-License-Identifier: Apache-2.0

#include "core/service/status_server.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/address/target.h"
#include "core/http/message_stream.h"
#include "core/stream/accept_loop.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A monitoring system asks once in a few seconds.
constexpr std::size_t connections_max = 64;
constexpr std::chrono::seconds request_patience{5};

Error cannot_listen(const StatusAddress& address, int failure) {
    return errno_error(fmt::format("can't listen on {}", to_string(address)), failure);
}

Result<UniqueFd> listen_on(const StatusAddress& address, const sockaddr* name, socklen_t size,
                           int family) {
    UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return cannot_listen(address, errno);
    // Of the file that bind(2) makes of a Unix socket.
    constexpr mode_t mine_alone = S_IRUSR | S_IWUSR;
    if (family == AF_UNIX && ::fchmod(socket.get(), mine_alone) != 0)
        return cannot_listen(address, errno);
    if (::bind(socket.get(), name, size) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
        return cannot_listen(address, errno);
    return socket;
}

// Whether the file is a Unix socket whose listener is gone.
bool is_left_over(const sockaddr_un& name, socklen_t size) {
    struct stat status {};
    if (::lstat(name.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 &&
           errno == ECONNREFUSED;
}

Result<UniqueFd> listen_at_path(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path)
        return cannot_listen(path, ENAMETOOLONG);
    std::memcpy(name.sun_path, path.data(), path.size());
    if (is_left_over(name, sizeof name))
        ::unlink(name.sun_path);
    return listen_on(path, reinterpret_cast<const sockaddr*>(&name), sizeof name, AF_UNIX);
}

Result<UniqueFd> listen_at(const StatusAddress& address) {
    if (const auto* const path = std::get_if<std::string>(&address))
        return listen_at_path(*path);
    const auto& endpoint = std::get<tcp::endpoint>(address);
    return listen_on(address, endpoint.data(), static_cast<socklen_t>(endpoint.size()),
                     endpoint.protocol().family());
}

std::string response_of(const StatusPage& page, bool is_head) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\n"
        "Content-Type: {}\r\n"
        "Content-Length: {}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n"
        "\r\n"
        "{}",
        page.status, page.status == 200 ? "OK" : "Not OK", page.content_type, page.body.size(),
        is_head ? "" : page.body);
}

}  // namespace

Result<StatusAddress> parse_status_address(std::string_view text) {
    if (text.find('/') != std::string_view::npos)
        return StatusAddress(std::string(text));
    const auto parts = split_host_and_port(text);
    if (parts) {
        const auto address =
            parse_ip_address(parts->host == "localhost" ? "127.0.0.1" : parts->host);
        const auto port =
            parts->port == "0" ? Result<TcpPort>(TcpPort{0}) : parse_tcp_port(parts->port);
        if (address && port)
            return StatusAddress(tcp::endpoint(*address, *port));
    }
    return Error(
        ProxyError::bad_target,
        fmt::format("\"{}\": an IP address and a port, such as 127.0.0.1:9100, or the path "
                    "of a Unix socket, such as ./status.sock, was expected",
                    text));
}

std::string to_string(const StatusAddress& address) {
    const auto* const path = std::get_if<std::string>(&address);
    return path != nullptr ? *path : to_string(std::get<tcp::endpoint>(address));
}

bool is_local(const StatusAddress& address) {
    const auto* const endpoint = std::get_if<tcp::endpoint>(&address);
    return endpoint == nullptr || endpoint->address().is_loopback();
}

Result<std::unique_ptr<StatusServer>> StatusServer::start(const asio::any_io_executor& executor,
                                                          const StatusAddress& address,
                                                          StatusPages pages, PipePool& pipes,
                                                          Log& log, UniqueFd inherited) {
    const bool is_new = !inherited;
    auto socket = is_new ? listen_at(address) : Result<UniqueFd>(std::move(inherited));
    if (!socket)
        return socket.error();
    StatusAddress local = address;
    if (auto* const endpoint = std::get_if<tcp::endpoint>(&local)) {
        auto size = static_cast<socklen_t>(endpoint->capacity());
        ::getsockname(socket->get(), endpoint->data(), &size);
    }
    auto acceptor = Acceptor::make(executor, std::move(*socket));
    if (!acceptor)
        return acceptor.error();
    return std::unique_ptr<StatusServer>(new StatusServer(
        executor, std::move(*acceptor), std::move(local), std::move(pages), is_new, pipes, log));
}

StatusServer::StatusServer(const asio::any_io_executor& executor, Acceptor acceptor,
                           StatusAddress local, StatusPages pages, bool owns_name, PipePool& pipes,
                           Log& log)
    : acceptor_(std::move(acceptor)),
      local_(std::move(local)),
      pages_(std::move(pages)),
      owns_name_(owns_name),
      accept_loops_(executor, log),
      connections_(executor, log) {
    accept_loops_.spawn(accept_loop(
        to_string(local_) + " (status)", [this] { return acceptor_.accept(); },
        [this, executor](Accepted accepted) {
            auto client = Stream::make(executor, std::move(accepted.socket));
            if (client && connections_.size() < connections_max)
                connections_.spawn(serve(std::move(*client)));
        },
        [&pipes] { pipes.trim(); }, log));
}

int StatusServer::share() {
    owns_name_ = false;
    return acceptor_.native_handle();
}

StatusServer::~StatusServer() {
    close();
}

void StatusServer::close() {
    if (acceptor_.native_handle() < 0)
        return;
    if (const auto* const path = std::get_if<std::string>(&local_); path != nullptr && owns_name_)
        ::unlink(path->c_str());
    acceptor_.close();
    accept_loops_.cancel();
    connections_.cancel();
}

asio::awaitable<void> StatusServer::serve(Stream client) {
    const auto text =
        co_await with_timeout(answer(client), request_patience, no_answer(request_patience));
    if (text)
        co_await say_and_close(std::move(client), *text);
}

asio::awaitable<Result<std::string>> StatusServer::answer(Stream& client) {
    MessageSource source(client, {});
    MessageReader<true> request(source);
    const auto head = co_await request.read_head();
    if (!head)
        co_return head.error();
    const auto& message = request.message();
    const std::string method(message.method_string().data(), message.method_string().size());
    std::string target(message.target().data(), message.target().size());
    target.resize(std::min(target.find('?'), target.size()));
    if (method != "GET" && method != "HEAD")
        co_return response_of({.status = 405, .body = "only GET is served\n"}, false);
    const auto page = pages_.find(target);
    if (page != pages_.end())
        co_return response_of(page->second(), method == "HEAD");
    std::string paths;
    for (const auto& [path, make] : pages_)
        paths += path + "\n";
    co_return response_of({.status = 404, .body = "these pages are served:\n" + paths},
                          method == "HEAD");
}

}  // namespace glovebox::core
