// SPDX-License-Identifier: Apache-2.0

// A resource that a node advertises, its devices, and what a container gets with some of them.
//
// Names and device IDs are those of AWS's plugin: aws.ec2.nitro/nitro_enclaves, with the devices
// nitro_enclaves_0 and on, behind the socket nitro_enclaves.sock; the same for nitro_enclaves_cpus.
//
// A device is a right to be counted and nothing else: every container gets the same, whichever
// devices it has. With nitro_enclaves these are
//
//   /usr/bin/glovebox, nitro-cli, vsock-proxy  the node's static program, read-only
//   /dev/nitro_enclaves                        the node's /dev/null
//   GLOVEBOX_TRANSPORT=unix                    vsock is the world's in this container: the device
//                                              would otherwise say that it is the kernel's
//
// and with nitro_enclaves_cpus NITRO_ENCLAVES_CPUS, their number, as with AWS's plugin.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::device_plugin {

// A file of the node in the container, read-only.
struct Mount {
    std::string container_path;
    std::string host_path;
    bool operator==(const Mount&) const = default;
};

// A device of the node in the container.
struct Device {
    std::string container_path;
    std::string host_path;
    std::string permissions;  // of "r", "w" and "m"
    bool operator==(const Device&) const = default;
};

struct Allocation {
    std::map<std::string, std::string> variables{};
    std::vector<Mount> mounts{};
    std::vector<Device> devices{};
};

class Resource {
  public:
    // `host_program`: the path of the static program on the node.
    [[nodiscard]] static Resource enclaves(std::uint32_t count, std::string host_program);
    [[nodiscard]] static Resource cpus(std::uint32_t count);

    // "aws.ec2.nitro/nitro_enclaves", "nitro_enclaves.sock".
    [[nodiscard]] std::string full_name() const;
    [[nodiscard]] std::string socket_name() const;
    [[nodiscard]] std::vector<std::string> device_ids() const;

    // What a container gets with these devices. Errors: EINVAL if no device is asked for, one is
    // asked for twice, or the resource does not have it.
    [[nodiscard]] Result<Allocation> allocate(const std::vector<std::string>& ids) const;

    // `size` of the available devices: the required ones, then those with the lowest numbers.
    // Errors: EINVAL if that is impossible, or the resource does not have one of the devices.
    [[nodiscard]] Result<std::vector<std::string>> prefer(const std::vector<std::string>& available,
                                                          const std::vector<std::string>& required,
                                                          std::int32_t size) const;

  private:
    Resource(std::string_view name, std::uint32_t count, std::string host_program)
        : name_(name), count_(count), host_program_(std::move(host_program)) {}
    [[nodiscard]] std::string device_id(std::uint32_t number) const;
    // The numbers of devices, each once.
    [[nodiscard]] Result<std::set<std::uint32_t>> numbers_of(
        const std::vector<std::string>& ids) const;

    std::string name_;
    std::uint32_t count_;
    std::string host_program_;  // empty: these devices bring no program
};

}  // namespace glovebox::device_plugin
