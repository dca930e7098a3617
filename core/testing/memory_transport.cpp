#include "core/testing/memory_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "core/asio_result.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

namespace asio = boost::asio;

namespace {

Stream make_stream(const asio::any_io_executor& executor, int family, int socket) {
    return Stream(executor, asio::generic::stream_protocol(family, 0), socket);
}

void check(bool ok, const char* what) {
    if (!ok)
        throw std::runtime_error(errno_error(what, errno).message);
}

}  // namespace

class MemoryListener final : public Listener {
  public:
    MemoryListener(const asio::any_io_executor& executor, MemoryNetwork& network,
                   VsockAddress local)
        : network_(network),
          local_(local),
          arrived_(executor, std::chrono::steady_clock::time_point::max()) {
        network_.listeners_[local_] = this;
    }
    ~MemoryListener() override { close(); }

    asio::awaitable<Result<Connection>> accept() override {
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        while (open_ && waiting_.empty() &&
               cancellation.cancelled() == asio::cancellation_type::none)
            co_await arrived_.async_wait(as_result);
        if (!open_ || cancellation.cancelled() != asio::cancellation_type::none)
            co_return Error(asio::error::make_error_code(asio::error::operation_aborted), "closed");
        if (network_.failures_ > 0) {
            --network_.failures_;
            co_return errno_error("accept", network_.failure_);
        }
        Connection connection = std::move(waiting_.front());
        waiting_.pop_front();
        co_return connection;
    }

    [[nodiscard]] VsockAddress local() const override { return local_; }

    void close() override {
        if (open_)
            network_.listeners_.erase(local_);
        open_ = false;
        waiting_.clear();
        arrived_.cancel();
    }

    void deliver(Connection connection) {
        waiting_.push_back(std::move(connection));
        arrived_.cancel();
    }

  private:
    MemoryNetwork& network_;
    VsockAddress local_;
    bool open_ = true;
    std::deque<Connection> waiting_;
    asio::steady_timer arrived_;  // never fires; cancelled when something has arrived
};

Result<std::unique_ptr<Listener>> MemoryTransport::listen(VsockAddress address) {
    if (address.cid == cid_any)
        address.cid = own_;
    if (address.cid != own_)
        return errno_error("listen", EADDRNOTAVAIL);
    if (address.port == port_any)
        address.port = network_.next_port_++;
    if (network_.listeners_.contains(address))
        return errno_error("listen", EADDRINUSE);
    return std::unique_ptr<Listener>(
        std::make_unique<MemoryListener>(executor_, network_, address));
}

asio::awaitable<Result<Connection>> MemoryTransport::connect(VsockAddress address) {
    if (network_.stalled_) {
        asio::steady_timer forever(executor_, std::chrono::steady_clock::time_point::max());
        co_await forever.async_wait(as_result);
        co_return Error(asio::error::make_error_code(asio::error::operation_aborted), "cancelled");
    }
    const auto found = network_.listeners_.find(address);
    if (found == network_.listeners_.end())
        co_return errno_error("connect", ECONNRESET);
    auto [near, far] = stream_pair(executor_);
    const VsockAddress local{own_, network_.next_port_++};
    found->second->deliver({std::move(far), address, local});
    co_return Connection{std::move(near), local, address};
}

std::pair<Stream, Stream> stream_pair(const asio::any_io_executor& executor) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
          "socketpair");
    return {make_stream(executor, AF_UNIX, ends[0]), make_stream(executor, AF_UNIX, ends[1])};
}

std::pair<Stream, Stream> tcp_pair(const asio::any_io_executor& executor) {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener.get(), generic, size) == 0, "bind");
    check(::listen(listener.get(), 1) == 0, "listen");
    check(::getsockname(listener.get(), generic, &size) == 0, "getsockname");
    UniqueFd near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    check(::connect(near.get(), generic, size) == 0, "connect");
    UniqueFd far(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    check(far.get() >= 0, "accept4");
    return {make_stream(executor, AF_INET, near.release()),
            make_stream(executor, AF_INET, far.release())};
}

}  // namespace glovebox::core
