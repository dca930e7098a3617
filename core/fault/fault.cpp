// SPDX-License-Identifier: Apache-2.0

#include "core/fault/fault.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/base/clock.h"

namespace glovebox::fault {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 21> names{
    "refuse",        "cut",          "reset",
    "stall",         "delay",        "throttle",
    "split",         "kms throttle", "kms latency",
    "kms down",      "kms 500",      "kms wrong-region",
    "imds latency",  "imds down",    "imds expire-credentials",
    "nsm slow",      "nsm error",    "enclave kill",
    "enclave pause", "enclave oom",  "clock"};

// The member as a number that T holds; an error for anything else.
template <class T>
Result<void> read(const json::object& object, std::string_view name, std::optional<T>& into) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr)
        return {};
    boost::system::error_code failure;
    const auto number = found->to_number<T>(failure);
    if (failure)
        return invalid_input(fmt::format("a fault's \"{}\" is not a number that it can be", name));
    into = number;
    return {};
}

void read(const json::object& object, std::string_view name, std::string& into) {
    if (const json::value* const found = object.if_contains(name);
        found != nullptr && found->is_string())
        into = json::value_to<std::string>(*found);
}

// Exactly, unlike a sentence's.
std::string exactly(std::chrono::milliseconds time) {
    constexpr std::chrono::seconds second(1);
    return time % second == time.zero() ? format_duration(time)
                                        : fmt::format("{} ms", time.count());
}

// "from 16 to 3:8000"; empty for all connections.
std::string ends_of(const Fault& fault) {
    const auto end = [](const std::string& name, std::optional<core::Cid> cid) {
        return !name.empty() ? name : cid ? std::to_string(*cid) : std::string();
    };
    const std::string from = end(fault.from_name, fault.from);
    const std::string to = end(fault.to_name, fault.to);
    std::string text = from.empty() ? "" : " from " + from;
    if (!to.empty() && fault.port)
        text += fmt::format(" to {}:{}", to, *fault.port);
    else if (!to.empty())
        text += " to " + to;
    else if (fault.port)
        text += fmt::format(" to port {}", *fault.port);
    return text;
}

}  // namespace

std::string_view name_of(Kind kind) {
    return names[static_cast<std::size_t>(kind)];
}

std::optional<Kind> kind_of(std::string_view name) {
    const auto* const known = std::find(names.begin(), names.end(), name);
    return known == names.end() ? std::nullopt
                                : std::optional(static_cast<Kind>(known - names.begin()));
}

bool is_of_connections(Kind kind) {
    return kind <= Kind::split;
}

std::string_view part_of(Kind kind) {
    const std::string_view name = name_of(kind);
    const std::size_t space = name.find(' ');
    return space == name.npos ? std::string_view() : name.substr(0, space);
}

bool Fault::is_for(core::VsockAddress client, core::VsockAddress listener) const {
    return from.value_or(client.cid) == client.cid && to.value_or(listener.cid) == listener.cid &&
           port.value_or(listener.port) == listener.port;
}

bool Fault::is_momentary() const {
    return kind == Kind::enclave_kill || kind == Kind::enclave_oom ||
           ((kind == Kind::cut || kind == Kind::reset) && !after && !lasts && !times && skip == 0);
}

std::string describe(const Fault& fault) {
    std::string text(name_of(fault.kind));
    if (is_of_connections(fault.kind))
        text += " connections" + ends_of(fault);
    if (part_of(fault.kind) == "enclave")
        text += " " + fault.enclave;
    if (!fault.error.empty())
        text += " " + fault.error;
    if (!fault.request.empty())
        text += " for " + fault.request;
    if (!fault.part.empty())
        text += " of " + fault.part;
    if (!fault.enclave.empty() && part_of(fault.kind) != "enclave")
        text += " of " + fault.enclave;
    if (fault.kind == Kind::clock)
        text += fmt::format(" {} by {}", fault.time.count() < 0 ? "behind" : "ahead",
                            exactly(std::chrono::abs(fault.time)));
    else if (fault.time.count() != 0)
        text += fmt::format(" by {}", exactly(fault.time));
    if (fault.kind == Kind::throttle)
        text += fmt::format(" to {} bytes a second", fault.bytes);
    if (fault.kind == Kind::split)
        text += fmt::format(" into pieces of {} bytes", fault.bytes);
    if (fault.after)
        text += fmt::format(" after {} bytes", *fault.after);
    if (fault.lasts)
        text += fmt::format(" for {}", exactly(*fault.lasts));
    if (fault.skip != 0)
        text += fmt::format(", not the first {}", fault.skip);
    if (fault.times)
        text += *fault.times == 1 ? ", once" : fmt::format(", {} times", *fault.times);
    return text;
}

json::object to_json(const Fault& fault) {
    json::object object{{"kind", name_of(fault.kind)}};
    const auto add = [&](std::string_view name, const auto& value) {
        if (value)
            object[name] = *value;
    };
    add("from", fault.from);
    add("to", fault.to);
    add("port", fault.port);
    add("after", fault.after);
    if (fault.lasts)
        object["lasts"] = fault.lasts->count();
    add("times", fault.times);
    if (fault.skip != 0)
        object["skip"] = fault.skip;
    if (fault.time.count() != 0)
        object["time"] = fault.time.count();
    if (fault.bytes != 0)
        object["bytes"] = fault.bytes;
    for (const auto& [name, text] :
         {std::pair("request", &fault.request), std::pair("from_name", &fault.from_name),
          std::pair("to_name", &fault.to_name), std::pair("enclave", &fault.enclave),
          std::pair("part", &fault.part), std::pair("error", &fault.error)})
        if (!text->empty())
            object[name] = *text;
    if (fault.at)
        object["at"] = unix_milliseconds(*fault.at);
    return object;
}

Result<Fault> fault_from_json(const json::object& object) {
    Fault fault;
    std::string name;
    read(object, "kind", name);
    const auto kind = kind_of(name);
    if (!kind)
        return invalid_input("a fault has no \"kind\" that is known");
    fault.kind = *kind;
    std::optional<std::uint32_t> skip;
    std::optional<std::int64_t> lasts;
    std::optional<std::int64_t> time;
    std::optional<std::uint64_t> bytes;
    std::optional<std::int64_t> at;
    for (const auto& done : {read(object, "from", fault.from), read(object, "to", fault.to),
                             read(object, "port", fault.port), read(object, "after", fault.after),
                             read(object, "times", fault.times), read(object, "skip", skip),
                             read(object, "lasts", lasts), read(object, "time", time),
                             read(object, "bytes", bytes), read(object, "at", at)})
        if (!done)
            return done.error();
    fault.skip = skip.value_or(0);
    if (lasts)
        fault.lasts = std::chrono::milliseconds(*lasts);
    fault.time = std::chrono::milliseconds(time.value_or(0));
    fault.bytes = bytes.value_or(0);
    if (at)
        fault.at = TimePoint(std::chrono::milliseconds(*at));
    read(object, "request", fault.request);
    read(object, "from_name", fault.from_name);
    read(object, "to_name", fault.to_name);
    read(object, "enclave", fault.enclave);
    read(object, "part", fault.part);
    read(object, "error", fault.error);
    if ((fault.kind == Kind::throttle || fault.kind == Kind::split) && fault.bytes == 0)
        return invalid_input(
            fmt::format("{} needs a number of bytes, 1 or more", name_of(fault.kind)));
    return fault;
}

}  // namespace glovebox::fault
