// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/proxy_top_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/service/status_server.h"
#include "sim/cli/json_option.h"
#include "sim/cli/proxy_usage.h"
#include "sim/terminal/live_page.h"

namespace glovebox::cli {
namespace {

namespace asio = boost::asio;

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

// The heading, and a line for each use.
std::vector<terminal::Line> lines_of(std::string_view table) {
    std::vector<terminal::Line> lines;
    while (!table.empty()) {
        const auto end = table.find('\n');
        lines.push_back({std::string(table.substr(0, end)), lines.empty()
                                                                ? terminal::Line::Look::heading
                                                                : terminal::Line::Look::plain});
        table = end == table.npos ? "" : table.substr(end + 1);
    }
    return lines;
}

// Until the reader leaves, or until the proxy has ended.
void show_live(const core::StatusAddress& address) {
    ProxyUsage usage;
    std::optional<EarlierUsage> earlier;
    terminal::LivePage page;
    page.renew = [&](std::chrono::duration<double> since_last) {
        auto now = usage_at(address).value();
        if (since_last.count() > 0)
            earlier = {std::move(usage), since_last};
        usage = std::move(now);
        return true;
    };
    page.lines = [&](std::size_t rows) {
        return lines_of(usage_table(usage, earlier, rows > 1 ? rows - 1 : 0));
    };
    static_cast<void>(terminal::show_live(page));
}

int top(const Values& values) {
    const auto address = core::parse_status_address(values.text("--status")).value();
    if (values.flag("--json")) {
        std::cout << fetch(address).value();
        return exit_done;
    }
    if (::isatty(STDOUT_FILENO) != 0 && !values.flag("--once")) {
        show_live(address);
        return exit_done;
    }
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
                            "is renewed each second, with bytes a second, until q or Ctrl-C; p "
                            "pauses it."},
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
