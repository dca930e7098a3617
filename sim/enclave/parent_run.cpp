// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/parent_run.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "core/base/clock.h"
#include "sim/enclave/refused_connection.h"
#include "sim/enclave/world_directory.h"
#include "sim/http/server.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::enclave {
namespace {

void await_listeners(const ParentRun& run) {
    if (run.awaited.empty())
        return;
    const auto world = transports::World::open(transports::World::choose_name(run.world)).value();
    auto watch = transports::ListenerWatch::make(*world).value();
    const auto end = std::chrono::steady_clock::now() + run.patience;
    for (const core::VsockAddress address : run.awaited) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (!watch.wait(address, left))
            throw ErrorException(
                Error(make_error_code(boost::system::errc::timed_out),
                      fmt::format("nothing listened at {} within {}: {}", to_string(address),
                                  format_duration(run.patience),
                                  describe_destination(core::cid_parent, address,
                                                       WorldView::read(*world, SystemClock())))));
    }
}

}  // namespace

int ParentRun::run(Log& log, const TellFailure& tell) const {
    await_listeners(*this);
    ProgramRun program{.world = world};
    RunOptions& options = program.options;
    options.is_parent = true;
    options.program.arguments = arguments;
    options.program.extra_environment = trust.variables(world).value();
    options.metadata = metadata;
    options.trace = trace;
    options.trace_connections = trace_connections;
    options.trace_traffic = trace_traffic;
    options.kernel_vsock = kernel_vsock;
    return program.run(log, tell);
}

Result<supervisor::MetadataRedirect> parse_metadata_service(const std::string& text) {
    const auto service = http::parse_address(text);
    if (!service)
        return service.error();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(service->port);
    if (!service->is_loopback() ||
        ::inet_pton(AF_INET, service->ip.c_str(), &address.sin_addr) != 1)
        return invalid_input("\"" + text +
                             "\": an IPv4 address of loopback was expected, as 127.0.0.1:1338");
    return supervisor::MetadataRedirect(address);
}

}  // namespace glovebox::enclave
