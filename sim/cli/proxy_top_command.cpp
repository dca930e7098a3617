// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/proxy_top_command.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <iostream>
#include <limits>
#include <optional>
#include <string>

#include "core/service/status_server.h"
#include "sim/cli/json_option.h"
#include "sim/cli/proxy_usage.h"

namespace glovebox::cli {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

template <class Socket, class Endpoint>
std::string ask(const Endpoint& endpoint) {
    asio::io_context context;
    Socket socket(context);
    socket.connect(endpoint);
    asio::write(
        socket,
        asio::buffer(std::string_view("GET /connections HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
}

// The page's body.
Result<std::string> fetch(const core::StatusAddress& address) {
    std::string answer;
    try {
        const auto* const path = std::get_if<std::string>(&address);
        answer = path != nullptr
                     ? ask<asio::local::stream_protocol::socket>(
                           asio::local::stream_protocol::endpoint(*path))
                     : ask<asio::ip::tcp::socket>(std::get<asio::ip::tcp::endpoint>(address));
    } catch (const boost::system::system_error& failure) {
        return Error(failure.code(),
                     fmt::format("no proxy or forwarder tells of itself at {}: {}",
                                 core::to_string(address), failure.code().message()))
            .with_advice("Start it with glovebox proxy --status ADDRESS, or glovebox forward");
    }
    const std::size_t body = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 200 ") || body == std::string::npos)
        return invalid_input(
            fmt::format("what listens at {} is no proxy or forwarder with --status at an address "
                        "of this machine",
                        core::to_string(address)));
    return answer.substr(body + 4);
}

Result<ProxyUsage> usage_at(const core::StatusAddress& address) {
    const auto page = fetch(address);
    if (!page)
        return page.error();
    return ProxyUsage::parse(*page);
}

// Until the terminal's Ctrl-C, or until the proxy has ended.
int show_live(const core::StatusAddress& address) {
    constexpr std::chrono::seconds interval{1};
    std::optional<EarlierUsage> earlier;
    while (true) {
        const auto asked = steady_clock::now();
        auto usage = usage_at(address).value();
        winsize size{};
        const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2;
        constexpr std::size_t rows_otherwise = 22;
        // From the top left corner, and what is left of the last table goes.
        const std::string table =
            "\x1b[H" + usage_table(usage, earlier, is_known ? size.ws_row - 2U : rows_otherwise) +
            "\x1b[J";
        static_cast<void>(!::write(STDOUT_FILENO, table.data(), table.size()));
        asio::io_context context;
        asio::steady_timer(context, asked + interval).wait();
        earlier = {std::move(usage), steady_clock::now() - asked};
    }
}

int top(const Values& values) {
    const auto address = core::parse_status_address(values.text("--status")).value();
    if (values.flag("--json")) {
        std::cout << fetch(address).value();
        return exit_done;
    }
    if (::isatty(STDOUT_FILENO) != 0 && !values.flag("--once"))
        return show_live(address);
    std::cout << usage_table(usage_at(address).value(), std::nullopt,
                             std::numeric_limits<std::size_t>::max());
    return exit_done;
}

}  // namespace

Command proxy_top_command() {
    return {.name = "top",
            .summary = "Show who uses a proxy or a forwarder now",
            .description = {"One line for each enclave, listener and target, with the bytes of the "
                            "connections that are open, the busiest first. On a terminal the table "
                            "is renewed each second, with bytes a second, until Ctrl-C."},
            .options = {{.name = "--status",
                         .placeholder = "ADDRESS",
                         .check = problem_by<core::parse_status_address>,
                         .is_required = true,
                         .summary = "The address of --status of `glovebox proxy` or `forward`"},
                        {.name = "--once",
                         .kind = Kind::flag,
                         .summary = "Print one table on a terminal, too"},
                        json_option("Print a JSON object with an array of the open connections: "
                                    "listener, cid, peer, target, seconds, bytes_sent, "
                                    "bytes_received")},
            .examples = {{"Who uses the proxy that serves its status at a Unix socket?",
                          "glovebox proxy top --status /run/glovebox/proxy.sock"}},
            .see_also = {"glovebox-proxy(1)", "glovebox-forward(1)"},
            .run = top};
}

}  // namespace glovebox::cli
