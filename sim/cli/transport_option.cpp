#include "sim/cli/transport_option.h"

#include <CLI/CLI.hpp>

#include "sim/cli/number_option.h"
#include "sim/cli/world_name.h"

namespace glovebox::cli {

void TransportOption::add_to(CLI::App& app) {
    constexpr const char* group = "Transport";
    app.add_option(
           "--world", choice.world,
           "The world, where parent and enclaves meet: a name, or a directory (with a '/'). "
           "GLOVEBOX_WORLD gives it too [default]")
        ->type_name("NAME")
        ->check(check_world_name)
        ->group(group);
    app.add_option("--cid", choice.cid,
                   "This side's CID: 3 for the parent, 4 and up for an enclave. With vsock the "
                   "machine has its own, and this one is not used")
        ->type_name("N")
        ->check(number_between("the CID of a parent or an enclave", core::cid_parent,
                               core::cid_any - 1))
        ->group(group);
    app.add_option("--transport", choice.transport,
                   "unix: sockets in the world's directory; vsock: the kernel's AF_VSOCK; auto: "
                   "vsock where /dev/nsm or /dev/nitro_enclaves exists, else unix")
        ->type_name("KIND")
        ->check(CLI::IsMember({"auto", "unix", "vsock"}))
        ->capture_default_str()
        ->group(group);
}

Result<std::unique_ptr<core::Transport>> TransportOption::make(
    boost::asio::any_io_executor executor, core::Cid default_cid) const {
    return transports::make_transport(choice, std::move(executor), default_cid);
}

}  // namespace glovebox::cli
