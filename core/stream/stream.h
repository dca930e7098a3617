// SPDX-License-Identifier: Apache-2.0

// Any connected stream socket: AF_VSOCK, AF_UNIX or TCP.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/stream/readiness.h"

namespace glovebox::core {

// Non-blocking, and closed when it is destroyed; then, and when it is moved to, pending waits end
// with operation_aborted. Calls for bytes are stream_io.h's, or the kernel's on native_handle().
class Stream {
  public:
    using Event = Readiness::Event;

    // A closed one.
    Stream() = default;
    Stream(Stream&& other) noexcept = default;
    Stream& operator=(Stream&& other) noexcept;
    ~Stream() { close(); }

    // Of a non-blocking socket that is connected, or whose connect(2) is in progress: it is
    // writable once that has ended. Errors: Readiness::watch()'s.
    [[nodiscard]] static Result<Stream> make(const boost::asio::any_io_executor& executor,
                                             UniqueFd socket, bool connecting = false);

    // -1 when closed.
    [[nodiscard]] int native_handle() const { return socket_.get(); }
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }
    [[nodiscard]] boost::asio::any_io_executor get_executor() const { return executor_; }

    // Sends an end of file; with both, also reads no more. A peer that is gone is no error.
    void shutdown_send();
    void shutdown_both();

    // Makes the close a reset that throws away what isn't sent yet (SO_LINGER of 0 s). For TCP;
    // other families end with an end of file.
    void reset_when_closed();

    void close();
    // The socket without its loop, which any thread may close. Ends pending waits as close() does.
    [[nodiscard]] UniqueFd release();

    // Until the event has come; at once where it was there since the last clear(). Errors:
    // operation_aborted.
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> ready(Event event);

    // How connect(2) ended, once the stream is writable: 0 or its errno.
    [[nodiscard]] int connect_result() const;

    [[nodiscard]] Readiness::Watch& watch() { return watch_; }
    [[nodiscard]] const Readiness::Watch& watch() const { return watch_; }

  private:
    Stream(boost::asio::any_io_executor executor, UniqueFd socket, Readiness::Watch watch)
        : executor_(std::move(executor)), socket_(std::move(socket)), watch_(std::move(watch)) {}

    boost::asio::any_io_executor executor_;
    UniqueFd socket_;
    Readiness::Watch watch_;
};

// Until the watched socket is ready, as Stream::ready() has it. The watch isn't moved meanwhile.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> ready(Readiness::Watch& watch,
                                                                      Readiness::Event event);

}  // namespace glovebox::core
