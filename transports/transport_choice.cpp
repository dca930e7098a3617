// SPDX-License-Identifier: Apache-2.0

#include "transports/transport_choice.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "transports/unix_transport.h"
#include "transports/vsock_transport.h"

namespace glovebox::transports {
namespace {

using Made = Result<std::unique_ptr<core::Transport>>;

Made make_vsock(const TransportChoice&, boost::asio::any_io_executor executor,
                core::Cid default_cid) {
    return std::unique_ptr<core::Transport>(
        std::make_unique<VsockTransport>(std::move(executor), local_vsock_cid(default_cid)));
}

Made make_unix(const TransportChoice& choice, boost::asio::any_io_executor executor,
               core::Cid default_cid) {
    auto world = World::open(World::choose_name(choice.world));
    if (!world)
        return world.error();
    const core::Cid own = choice.cid.value_or(default_cid);
    return std::unique_ptr<core::Transport>(std::make_unique<UnixTransport>(
        std::move(executor), std::move(*world), own, may_bind_privileged_ports(own)));
}

Made make_hybrid(const TransportChoice& choice, boost::asio::any_io_executor executor,
                 core::Cid /*default_cid*/) {
    if (choice.guests.empty())
        return invalid_input(
            "--transport hybrid reaches virtual machines by their monitors' sockets: give --guest "
            "CID=SOCKET");
    return std::unique_ptr<core::Transport>(
        std::make_unique<HybridTransport>(std::move(executor), choice.guests));
}

struct Backend {
    std::string_view name;
    std::string_view summary;
    // Whether "auto" means it on a machine; the first that says so is taken.
    bool (*is_meant)(NitroDevices devices);
    Made (*make)(const TransportChoice& choice, boost::asio::any_io_executor executor,
                 core::Cid default_cid);
};

// Every transport of the programs: a new one is a row here.
constexpr std::array backends{
    Backend{"vsock", "the kernel's AF_VSOCK",
            [](NitroDevices devices) { return devices.nsm || devices.nitro_enclaves; }, make_vsock},
    Backend{"unix", "sockets in the world's directory", [](NitroDevices) { return true; },
            make_unix},
    Backend{"hybrid",
            "the sockets of Firecracker, Cloud Hypervisor or vhost-device-vsock (--guest)",
            [](NitroDevices) { return false; }, make_hybrid},
};

}  // namespace

std::vector<std::string_view> transport_names() {
    std::vector<std::string_view> names{"auto"};
    for (const Backend& backend : backends)
        names.push_back(backend.name);
    return names;
}

std::string_view transport_help() {
    static const std::string help = [] {
        std::string text;
        for (const Backend& backend : backends)
            text += fmt::format("{}: {}; ", backend.name, backend.summary);
        return text + "auto: vsock where /dev/nsm or /dev/nitro_enclaves exists, else unix";
    }();
    return help;
}

std::string_view resolve_auto(std::string_view transport, NitroDevices devices) {
    if (transport != "auto")
        return transport;
    return std::find_if(backends.begin(), backends.end(),
                        [devices](const Backend& backend) { return backend.is_meant(devices); })
        ->name;
}

std::string_view name_of(const TransportChoice& choice) {
    return resolve_auto(choice.transport,
                        {.nsm = ::access("/dev/nsm", F_OK) == 0,
                         .nitro_enclaves = ::access("/dev/nitro_enclaves", F_OK) == 0});
}

Made make_transport(const TransportChoice& choice, boost::asio::any_io_executor executor,
                    core::Cid default_cid) {
    const std::string_view name = name_of(choice);
    for (const Backend& backend : backends)
        if (backend.name == name)
            return backend.make(choice, std::move(executor), default_cid);
    return invalid_input(fmt::format("\"{}\" is not a transport: one of {} was expected", name,
                                     fmt::join(transport_names(), ", ")));
}

}  // namespace glovebox::transports
