// SPDX-License-Identifier: Apache-2.0

#include "core/http/rule_question.h"

#include <fmt/core.h>

#include <utility>

#include "core/address/port_list.h"
#include "core/address/proxy_error.h"
#include "core/http/tunnel.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

constexpr std::string_view status_of_allowed = "Proxy-Status: glovebox";
constexpr std::string_view status_of_denied = "Proxy-Status: glovebox; error=http_request_denied";

}  // namespace

std::string rule_question(const HostName& name, const std::vector<TcpPort>& ports) {
    return fmt::format(
        "OPTIONS http://{0} HTTP/1.1\r\nHost: {0}\r\nMax-Forwards: 0\r\n"
        "Glovebox-Ports: {1}\r\n\r\n",
        name.text(), to_string(ports));
}

asio::awaitable<Result<std::optional<std::string>>> ask_about_rules(
    Stream& proxy, std::string question, std::chrono::milliseconds patience) {
    const auto answer = co_await ask_proxy(proxy, std::move(question), patience);
    if (!answer)
        co_return answer.error();
    if (answer->status() == 204 && answer->has_line(status_of_allowed))
        co_return std::optional<std::string>();
    if (answer->status() == 403 && answer->has_line(status_of_denied))
        co_return std::optional(answer->reason());
    co_return Error(ProxyError::tunnel_refused,
                    "the proxy does not answer questions about its allowlist");
}

}  // namespace glovebox::core
