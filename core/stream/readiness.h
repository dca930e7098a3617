// SPDX-License-Identifier: Apache-2.0

// Which sockets of an event loop can be read or written, by one registration each.
//
// Asio changes a descriptor's registration (EPOLL_CTL_MOD) for each wait, which was a quarter of a
// short connection's system calls. Here a socket is registered once, for its edges (EPOLLET,
// epoll(7)), in an epoll instance that Asio watches as one descriptor. What an edge told is kept
// until a call on the socket finds nothing left (EAGAIN).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/error.h"

namespace glovebox::core {

// One for each io_context; used from its thread.
class Readiness final : public boost::asio::execution_context::service {
  public:
    enum class Event : std::uint8_t {
        readable,  // bytes, an end of file, a failure, or a connection to be accepted
        writable,  // room, a failure, or the end of a connect(2)
        hung_up,   // EPOLLHUP or EPOLLERR: both directions are over
    };

    // Who waits for one event. A wait ends with one of the two calls.
    class Waiter {
      public:
        // Called from the loop; or with operation_aborted, from whoever cancels or closes.
        virtual void on_ready(boost::system::error_code failure) = 0;
        // The loop is destroyed: the waiter releases what it holds.
        virtual void on_abandoned() = 0;

      protected:
        ~Waiter() = default;
    };

    // One socket's registration, until it is destroyed. The socket itself is the caller's.
    class Watch {
      public:
        Watch() = default;
        Watch(Watch&& other) noexcept;
        Watch& operator=(Watch&& other) noexcept;
        ~Watch() { end(); }

        [[nodiscard]] explicit operator bool() const { return readiness_ != nullptr; }

        // As of the last edge. A socket is taken for writable until said otherwise.
        [[nodiscard]] bool is(Event event) const;
        // Whether the peer has ended what it sends: a short read isn't the last one then.
        [[nodiscard]] bool peer_has_ended() const;

        // A call on the socket found nothing to read, or no room.
        void clear(Event event);

        // The event must not be there yet, and nobody else may wait for it. The waiter outlives the
        // wait.
        void wait(Event event, Waiter& waiter);
        void cancel(Event event);
        // Pending waits are cancelled.
        void end();

      private:
        friend class Readiness;
        Watch(Readiness& readiness, std::size_t place) : readiness_(&readiness), place_(place) {}

        Readiness* readiness_ = nullptr;
        std::size_t place_ = 0;
    };

    // The one of this executor's io_context.
    [[nodiscard]] static Readiness& of(const boost::asio::any_io_executor& executor);

    // Errors: ENOSPC and ENOMEM (epoll_ctl(2)). With `connecting`, the socket counts as writable
    // once its connect(2), which was begun, has ended.
    [[nodiscard]] Result<Watch> watch(int socket, bool connecting = false);

    static inline boost::asio::execution_context::id id;
    explicit Readiness(boost::asio::execution_context& context);

  private:
    struct Entry {
        int socket = -1;
        std::uint32_t generation = 0;  // counts the sockets that had the place
        std::uint32_t registered = 0;  // epoll's events
        std::array<bool, 3> is{};      // by Event
        bool peer_has_ended = false;
        std::array<Waiter*, 3> waiters{};
    };

    void shutdown() override;
    [[nodiscard]] int register_events(std::size_t place, int operation, std::uint32_t events);
    [[nodiscard]] Waiter* take_waiter(Entry& entry, Event event);
    void arm();
    void rest();
    void on_edges();
    void on_edge(std::uint64_t data, std::uint32_t events);

    boost::asio::posix::stream_descriptor poller_;  // the epoll instance
    bool armed_ = false;
    std::size_t waits_ = 0;
    std::deque<Entry> entries_;
    std::vector<std::size_t> free_;
    std::array<epoll_event, 256> edges_{};
};

}  // namespace glovebox::core
