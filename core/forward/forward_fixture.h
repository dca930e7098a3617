// SPDX-License-Identifier: Apache-2.0

// For tests: a forward from end to end, with clients by TCP and listeners over the memory
// transport.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/forward/forward.h"
#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {

class ForwardTest : public testing::Test {
  protected:
    using tcp = boost::asio::ip::tcp;

    ForwardTest() : parent_(network_, cid_parent), enclave_(network_, 16) { ignore_sigpipe(); }

    tcp::endpoint start(ForwardRoute route) { return start(route, enclave_); }
    tcp::endpoint start(ForwardRoute route, Transport& transport) {
        forward_.emplace(Loops{{context_.get_executor(), pipes_}}, transport, log_, options_);
        const tcp::endpoint endpoint = forward_->listen(route).value();
        spawn(context_, [](Forward& forward, bool& ended) -> boost::asio::awaitable<void> {
            co_await forward.run();
            ended = true;
        }(*forward_, ended_));
        return endpoint;
    }

    template <class T>
    T run(boost::asio::awaitable<T> work) {
        return core::run(context_, std::move(work));
    }

    Stream connect(tcp::endpoint endpoint) {
        tcp::socket socket(context_);
        socket.connect(endpoint);
        return stream_of(std::move(socket));
    }

    // The bytes up to the end, and whether the end was an error.
    std::pair<std::string, boost::system::error_code> rest(Stream& stream) {
        std::string text;
        std::array<char, 4096> buffer;
        while (true) {
            const auto got = run(read_some(stream, buffer));
            if (!got)
                return {text, got.error().code};
            if (*got == 0)
                return {text, {}};
            text.append(buffer.data(), *got);
        }
    }

    boost::asio::io_context context_;
    MemoryNetwork network_;
    MemoryTransport parent_;
    MemoryTransport enclave_;
    ForwardOptions options_;
    MemoryLog log_;
    PipePool pipes_;
    std::optional<Forward> forward_;
    bool ended_ = false;
};

inline ForwardRoute route(std::string_view text) {
    return parse_forward_route(text).value();
}

}  // namespace glovebox::core
