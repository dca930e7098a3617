// SPDX-License-Identifier: Apache-2.0

#include "core/testing/memory_transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "core/base/unique_fd.h"
#include "core/loop/loop_condition.h"
#include "core/stream/asio_result.h"
#include "core/stream/timeout.h"

namespace glovebox::core {

namespace asio = boost::asio;

namespace {

void check(bool ok, const char* what) {
    if (!ok)
        throw std::runtime_error(errno_error(what, errno).message);
}

struct SocketPair {
    UniqueFd near;
    UniqueFd far;
};

Result<SocketPair> make_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return errno_error("socketpair", errno);
    return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// How many connections a listener holds before it accepts them, as the kernel has it.
std::size_t backlog() {
    static const std::size_t connections = [] {
        std::size_t somaxconn = SOMAXCONN;
        std::ifstream("/proc/sys/net/core/somaxconn") >> somaxconn;
        return std::min<std::size_t>(somaxconn, SOMAXCONN) + 1;
    }();
    return connections;
}

}  // namespace

// What a listener is to the others, guarded by the network's mutex. A pending accept keeps it,
// whatever becomes of the listener.
struct MemoryBacklog {
    MemoryBacklog(MemoryNetwork& its_network, VsockAddress address)
        : network(its_network), local(address) {}

    MemoryNetwork& network;
    const VsockAddress local;
    bool open = true;
    std::deque<Arrival> waiting;
    LoopCondition arrived;
};

namespace {

// Like the kernel's, an accept needs a free descriptor, and loses nothing without one.
Result<Arrival> take_first(MemoryBacklog& backlog) {
    const Arrival& first = backlog.waiting.front();
    UniqueFd socket(::fcntl(first.socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!socket)
        return errno_error("accept", errno == EINVAL ? EMFILE : errno);  // EINVAL: a limit of 0
    Arrival arrival{std::move(socket), first.local, first.peer};
    backlog.waiting.pop_front();
    return arrival;
}

asio::awaitable<Result<Arrival>> next_of(std::shared_ptr<MemoryBacklog> backlog) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    std::unique_lock lock(backlog->network.mutex());
    while (backlog->open && backlog->waiting.empty() &&
           cancellation.cancelled() == asio::cancellation_type::none)
        co_await backlog->arrived.wait(lock);
    if (!backlog->open || cancellation.cancelled() != asio::cancellation_type::none)
        co_return Error(asio::error::make_error_code(asio::error::operation_aborted), "closed");
    if (const int failure = backlog->network.next_failure(); failure != 0)
        co_return errno_error("accept", failure);
    co_return take_first(*backlog);
}

class MemoryListener final : public Listener {
  public:
    explicit MemoryListener(std::shared_ptr<MemoryBacklog> backlog)
        : backlog_(std::move(backlog)) {}
    ~MemoryListener() override { end(); }

    asio::awaitable<Result<Arrival>> next() override { return next_of(backlog_); }

    [[nodiscard]] VsockAddress local() const override { return backlog_->local; }

    void close() override { end(); }

  private:
    void end() {
        const std::lock_guard guard(backlog_->network.mutex());
        if (backlog_->open)
            backlog_->network.remove(backlog_->local);
        backlog_->open = false;
        backlog_->waiting.clear();
        backlog_->arrived.notify_all();
    }

    std::shared_ptr<MemoryBacklog> backlog_;
};

}  // namespace

int MemoryNetwork::next_failure() {
    if (failures_ == 0)
        return 0;
    --failures_;
    return failure_;
}

void MemoryNetwork::remove(VsockAddress address) {
    listeners_.erase(address);
}

Result<std::unique_ptr<Listener>> MemoryTransport::listen(VsockAddress address) {
    if (address.cid == cid_any)
        address.cid = own_;
    if (address.cid != own_)
        return errno_error("listen", EADDRNOTAVAIL);
    const std::lock_guard guard(network_.mutex_);
    if (address.port == port_any)
        address.port = network_.next_port_++;
    auto backlog = std::make_shared<MemoryBacklog>(network_, address);
    if (!network_.listeners_.try_emplace(address, backlog).second)
        return errno_error("listen", EADDRINUSE);
    return std::unique_ptr<Listener>(std::make_unique<MemoryListener>(std::move(backlog)));
}

asio::awaitable<Result<Connection>> MemoryTransport::connect(VsockAddress address,
                                                             std::chrono::milliseconds patience) {
    const auto executor = co_await asio::this_coro::executor;
    std::unique_lock lock(network_.mutex_);
    if (network_.stalled_) {
        lock.unlock();
        asio::steady_timer end(executor, patience);
        const auto [cancelled] = co_await end.async_wait(as_result);
        if (!cancelled)
            co_return no_answer(patience);
        co_return Error(cancelled, "cancelled");
    }
    const auto found = network_.listeners_.find(address);
    if (found == network_.listeners_.end() || found->second->waiting.size() >= backlog())
        co_return errno_error("connect", ECONNRESET);
    auto ends = make_pair();
    if (!ends)
        co_return ends.error();
    auto near = Stream::make(executor, std::move(ends->near));
    if (!near)
        co_return near.error();
    const VsockAddress local{own_, network_.next_port_++};
    found->second->waiting.push_back({std::move(ends->far), address, local});
    found->second->arrived.notify_all();
    co_return Connection{std::move(*near), local, address};
}

std::pair<Stream, Stream> stream_pair(const asio::any_io_executor& executor) {
    SocketPair ends = std::move(make_pair().value());
    return {std::move(Stream::make(executor, std::move(ends.near)).value()),
            std::move(Stream::make(executor, std::move(ends.far)).value())};
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
    check(::fcntl(near.get(), F_SETFL, O_NONBLOCK) == 0, "fcntl");
    UniqueFd far(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    check(far.get() >= 0, "accept4");
    return {std::move(Stream::make(executor, std::move(near)).value()),
            std::move(Stream::make(executor, std::move(far)).value())};
}

Stream stream_of(asio::ip::tcp::socket socket) {
    const auto executor = socket.get_executor();
    UniqueFd released(socket.release());
    check(::fcntl(released.get(), F_SETFL, O_NONBLOCK) == 0, "fcntl");
    return std::move(Stream::make(executor, std::move(released)).value());
}

}  // namespace glovebox::core
