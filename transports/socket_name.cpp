// SPDX-License-Identifier: Apache-2.0

#include "transports/socket_name.h"

#include <fmt/core.h>

#include <charconv>

namespace glovebox::transports {
namespace {

constexpr std::string_view local_infix = "local.";
constexpr char meeting_mark = '~';

std::optional<std::uint32_t> read_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    if (text.empty() || leading_zero || error != std::errc() || end != text.data() + text.size() ||
        value == core::port_any)
        return std::nullopt;
    return value;
}

}  // namespace

std::string socket_name(core::VsockAddress address) {
    return fmt::format("{}.{}", address.cid, address.port);
}

std::string local_socket_name(core::Cid own, core::Port port) {
    return fmt::format("{}.{}{}", own, local_infix, port);
}

std::string meeting_name(std::string_view digits, core::VsockAddress address) {
    return fmt::format("{}{}{}", digits, meeting_mark, socket_name(address));
}

std::optional<core::VsockAddress> parse_socket_name(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') + 1);
    name.remove_prefix(name.find(meeting_mark) + 1);
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos)
        return std::nullopt;
    std::string_view port_text = name.substr(dot + 1);
    const bool local = port_text.starts_with(local_infix);
    if (local)
        port_text.remove_prefix(local_infix.size());
    const auto cid = read_number(name.substr(0, dot));
    const auto port = read_number(port_text);
    if (!cid || !port)
        return std::nullopt;
    return core::VsockAddress{local ? core::cid_local : *cid, *port};
}

}  // namespace glovebox::transports
