// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/resource.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/printable.h"

namespace glovebox::device_plugin {
namespace {

constexpr std::string_view domain = "aws.ec2.nitro/";

// Where AWS's package has its programs, and glovebox beside them.
constexpr std::array<std::string_view, 3> programs{"/usr/bin/glovebox", "/usr/bin/nitro-cli",
                                                   "/usr/bin/vsock-proxy"};

}  // namespace

Resource Resource::enclaves(std::uint32_t count, std::string host_program) {
    return {"nitro_enclaves", count, std::move(host_program)};
}

Resource Resource::cpus(std::uint32_t count) {
    return {"nitro_enclaves_cpus", count, ""};
}

std::string Resource::full_name() const {
    return std::string(domain) + name_;
}

std::string Resource::socket_name() const {
    return name_ + ".sock";
}

std::string Resource::device_id(std::uint32_t number) const {
    return fmt::format("{}_{}", name_, number);
}

std::vector<std::string> Resource::device_ids() const {
    std::vector<std::string> ids;
    for (std::uint32_t number = 0; number < count_; ++number)
        ids.push_back(device_id(number));
    return ids;
}

Result<std::set<std::uint32_t>> Resource::numbers_of(const std::vector<std::string>& ids) const {
    std::set<std::uint32_t> numbers;
    for (const std::string& id : ids) {
        const std::size_t digits = std::min(id.size(), name_.size() + 1);
        std::uint32_t number = 0;
        std::from_chars(id.data() + digits, id.data() + id.size(), number);
        // The comparison catches whatever is not the one spelling of a device.
        if (number >= count_ || id != device_id(number))
            return invalid_input(fmt::format("{} has no device \"{}\": {} to {} were expected",
                                             full_name(), printable(cut(id, 100)), device_id(0),
                                             device_id(count_ - 1)));
        if (!numbers.insert(number).second)
            return invalid_input(fmt::format("device {} is named twice", id));
    }
    return numbers;
}

Result<Allocation> Resource::allocate(const std::vector<std::string>& ids) const {
    const auto numbers = numbers_of(ids);
    if (!numbers)
        return numbers.error();
    if (numbers->empty())
        return invalid_input(fmt::format(
            "a container asks for no device of {}: one or more were expected", full_name()));
    Allocation allocation;
    if (host_program_.empty()) {
        allocation.variables["NITRO_ENCLAVES_CPUS"] = std::to_string(numbers->size());
        return allocation;
    }
    for (const std::string_view program : programs)
        allocation.mounts.push_back({std::string(program), host_program_});
    allocation.devices.push_back({"/dev/nitro_enclaves", "/dev/null", "rw"});
    allocation.variables["GLOVEBOX_TRANSPORT"] = "unix";
    return allocation;
}

Result<std::vector<std::string>> Resource::prefer(const std::vector<std::string>& available,
                                                  const std::vector<std::string>& required,
                                                  std::int32_t size) const {
    const auto offered = numbers_of(available);
    const auto chosen = numbers_of(required);
    if (!offered || !chosen)
        return offered ? chosen.error() : offered.error();
    std::vector<std::string> ids;
    for (const std::uint32_t number : *chosen) {
        if (!offered->contains(number))
            return invalid_input(
                fmt::format("device {} is required and not available", device_id(number)));
        ids.push_back(device_id(number));
    }
    const auto wanted = static_cast<std::size_t>(std::max(size, 0));
    for (const std::uint32_t number : *offered)
        if (ids.size() < wanted && !chosen->contains(number))
            ids.push_back(device_id(number));
    if (size < 0 || ids.size() != wanted)
        return invalid_input(
            fmt::format("{} devices are wanted of {} available ones, {} of them required", size,
                        offered->size(), chosen->size()));
    return ids;
}

}  // namespace glovebox::device_plugin
