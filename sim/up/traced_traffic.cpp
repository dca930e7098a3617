// SPDX-License-Identifier: Apache-2.0

#include "sim/up/traced_traffic.h"

#include <fmt/ranges.h>

#include <charconv>
#include <string_view>

#include "core/base/nearest_name.h"

namespace glovebox::up {
namespace {

constexpr const char* command_name = "parent";

std::optional<std::uint32_t> bytes_of(std::string_view text) {
    std::uint32_t bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && bytes >= 1 && bytes <= traced_bytes_max ? std::optional(bytes)
                                                                : std::nullopt;
}

// The parts that have a name; the command has one alone.
template <class World, class Use>
void for_each_part(World& world, Use use) {
    for (auto& part : world.proxies)
        use(part.name, part.label, part);
    for (auto& part : world.enclaves)
        use(part.name, part.label, part);
    for (auto& part : world.forwards)
        use(part.name, part.label, part);
    use(command_name, command_name, world.parent);
}

bool is_aws_program(const ProxyPart& proxy) {
    return !proxy.vsock_proxy.empty();
}
template <class Part>
bool is_aws_program(const Part& /*part*/) {
    return false;
}

}  // namespace

Result<void> trace_traffic(WorldFile& world, const std::string& text) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto bytes = equals == text.npos ? std::optional(traced_bytes_default)
                                           : bytes_of(std::string_view(text).substr(equals + 1));
    if (!bytes)
        return invalid_input(fmt::format(
            "--trace-traffic {}: a number of bytes from 1 to {} was expected after the =", text,
            traced_bytes_max));
    bool is_found = false;
    bool is_aws = false;
    std::vector<std::string> labels;
    for_each_part(world, [&](const std::string& its_name, const std::string& label, auto& part) {
        labels.push_back(label);
        if (name != its_name && name != label)
            return;
        is_found = true;
        is_aws = is_aws || is_aws_program(part);
        part.trace_traffic = *bytes;
    });
    if (is_aws)
        return invalid_input(fmt::format(
            "--trace-traffic {}: AWS's vsock-proxy does not tell what it carries: name the enclave",
            text));
    if (is_found)
        return {};
    const std::vector<std::string_view> known(labels.begin(), labels.end());
    const std::string_view meant = nearest(name, known);
    return invalid_input(fmt::format(
        "--trace-traffic {}: the world has no part \"{}\"{}: it has {}", text, name,
        meant.empty() ? "" : fmt::format(", did you mean {}?", meant), fmt::join(labels, ", ")));
}

void limit_traffic_to_proxies(WorldFile& world, std::vector<NotRun>& not_run) {
    const auto limit = [&](const std::string& label, std::optional<std::uint32_t>& bytes) {
        if (bytes)
            not_run.push_back({label, "trace_traffic",
                               "AF_VSOCK is a kernel's there; proxies and forwards have it"});
        bytes.reset();
    };
    for (EnclavePart& enclave : world.enclaves)
        limit(enclave.label, enclave.trace_traffic);
    limit(command_name, world.parent.trace_traffic);
}

std::optional<TimelineEntry> traced_traffic_notice(const WorldFile& world) {
    std::vector<std::string> traced;
    for_each_part(world, [&](const std::string&, const std::string& label, const auto& part) {
        if (part.trace_traffic)
            traced.push_back(fmt::format("{} ({} bytes)", label, *part.trace_traffic));
    });
    if (traced.empty())
        return std::nullopt;
    return own_entry(LogLevel::warning, "traffic_kept",
                     fmt::format("what connections of {} carry first is kept in each direction, "
                                 "with whatever secrets it has: in the events, in the record and "
                                 "on the page",
                                 fmt::join(traced, ", ")));
}

}  // namespace glovebox::up
