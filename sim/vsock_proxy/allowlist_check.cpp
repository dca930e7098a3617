// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/allowlist_check.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <charconv>
#include <optional>

#include "core/address/proxy_error.h"
#include "core/base/file_bytes.h"
#include "core/base/unique_fd.h"
#include "core/yaml/yaml_reader.h"

namespace glovebox::vsock_proxy {
namespace {

Error refused(std::string sentence) {
    return Error(core::ProxyError::bad_target, std::move(sentence));
}

std::optional<std::int64_t> whole_number(std::string_view digits, int base) {
    std::int64_t value = 0;
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, value, base);
    return error == std::errc() && end == last && !digits.empty() ? std::optional(value)
                                                                  : std::nullopt;
}

// yaml-cpp reads every scalar as a text. AWS's reader, yaml-rust2, has types for those without
// quotes. A leading zero does not make a number octal (YAML 1.2), as yaml-cpp has it; 0o does.
std::optional<std::int64_t> integer_of(const YAML::Node& node) {
    if (!node.IsScalar() || node.Tag() != "?")
        return std::nullopt;
    const std::string_view text = node.Scalar();
    if (text.starts_with("0x"))
        return whole_number(text.substr(2), 16);
    if (text.starts_with("0o"))
        return whole_number(text.substr(2), 8);
    return whole_number(text.starts_with('+') ? text.substr(1) : text, 10);
}

// Neither a number nor true, false or null, nor what is no scalar.
bool is_text(const YAML::Node& node) {
    if (!node.IsScalar())
        return false;
    const std::string_view text = node.Scalar();
    if (node.Tag() != "?")
        return true;  // in quotes
    double real = 0;
    return !integer_of(node) && !YAML::convert<double>::decode(node, real) && text != "true" &&
           text != "false" && text != "null" && text != "~";
}

Result<std::string> match(const YAML::Node& entries, const std::string& remote, core::TcpPort port,
                          const core::IpAddress& first, const Lookup& look_up) {
    for (const YAML::Node& entry : entries) {
        const YAML::Node address = entry.IsMap() ? entry["address"] : YAML::Node();
        if (!address || !is_text(address))
            return refused("No address field");
        const auto number = entry["port"] ? integer_of(entry["port"]) : std::nullopt;
        if (!number)
            return refused("No port field or invalid type");
        if (static_cast<core::TcpPort>(*number) != port)
            continue;
        const auto name = address.as<std::string>();
        if (name == remote)
            return fmt::format("Matched with host name \"{}\" and port \"{}\"", name, port);
        const auto addresses = look_up(name);
        if (addresses && std::find(addresses->begin(), addresses->end(), first) != addresses->end())
            return fmt::format("Matched with host IP \"{}\" and port \"{}\"", first.to_string(),
                               port);
    }
    return Error(core::ProxyError::not_allowed, "The given address and port are not allowed");
}

}  // namespace

Result<std::string> check_allowlist(const std::string& file, const std::string& remote,
                                    core::TcpPort port, const Lookup& look_up) {
    const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened)
        return refused("Could not open the file");
    const auto text = read_bytes(opened.get(), file, YamlBudget().bytes);
    if (!text)
        return refused(text.error().code == boost::system::errc::file_too_large
                           ? text.error().message
                           : "Could not read the file");
    const auto read = read_yaml(as_text(*text));
    if (read.refusal)
        return refused(read.refusal->kind == YamlRefusal::Kind::budget
                           ? fmt::format("{}:{}: {}", file, line_and_column(read.refusal->mark),
                                         read.refusal->sentence)
                           : "Bad yaml format");
    try {
        const YAML::Node& document = read.top;
        const YAML::Node entries = document.IsMap() ? document["allowlist"] : YAML::Node();
        if (!document || document.IsNull())
            return refused("Bad yaml format");
        if (!entries || !entries.IsSequence())
            return refused("No allowlist field");
        const auto addresses = look_up(remote);
        if (!addresses)
            return addresses.error();
        return match(entries, remote, port, addresses->front(), look_up);
    } catch (const YAML::Exception&) {
        return refused("Bad yaml format");
    }
}

}  // namespace glovebox::vsock_proxy
