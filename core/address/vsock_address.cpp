// SPDX-License-Identifier: Apache-2.0

#include "core/address/vsock_address.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <optional>

namespace glovebox::core {
namespace {

std::string spell(std::uint32_t value) {
    return value == 0xffffffff ? "any" : std::to_string(value);
}

std::optional<std::uint32_t> read_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<Cid> read_cid(std::string_view text) {
    struct Name {
        std::string_view text;
        Cid cid;
    };
    static constexpr std::array<Name, 4> names{
        {{"any", cid_any}, {"parent", cid_parent}, {"local", cid_local}, {"host", cid_host}}};
    for (const Name& name : names)
        if (name.text == text)
            return name.cid;
    return read_number(text);
}

}  // namespace

std::string to_string(VsockAddress address) {
    return spell(address.cid) + ":" + spell(address.port);
}

Result<VsockAddress> parse_vsock_address(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
        const auto cid = read_cid(text.substr(0, colon));
        const std::string_view port_text = text.substr(colon + 1);
        const auto port = port_text == "any" ? std::optional(port_any) : read_number(port_text);
        if (cid && port)
            return VsockAddress{*cid, *port};
    }
    return invalid_input(fmt::format(
        "\"{}\" is not a vsock address: CID:PORT was expected, both numbers up to 4294967295, "
        "for example 16:5005 or parent:8000",
        text));
}

Result<Cid> parse_cid(std::string_view text) {
    const auto cid = read_cid(text);
    if (cid && *cid != cid_any)
        return *cid;
    return invalid_input(fmt::format(
        "\"{}\" is not a CID: a number up to 4294967294, or parent, was expected", text));
}

}  // namespace glovebox::core
