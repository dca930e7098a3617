// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/hardware_nsm.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <cerrno>

#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {

Result<std::unique_ptr<HardwareNsm>> HardwareNsm::open(const std::string& path, Log& log) {
    UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!device) {
        const int reason = errno;
        return errno_error("cannot open the Nitro Secure Module " + path, reason)
            .with_advice(reason == ENOENT
                             ? "This is not the inside of a Nitro enclave, or its kernel has no "
                               "nsm driver. Use --device mock for the simulated module"
                             : "");
    }
    // For a device that the user chose: a driver that knows the ioctl fails to read its argument
    // before it asks the module anything.
    if (path != nsm_device_path && ::ioctl(device.get(), nsm_ioctl_raw, nullptr) != 0 &&
        errno == ENOTTY)
        return Error(
            make_error_code(boost::system::errc::inappropriate_io_control_operation),
            path +
                " is not a Nitro Secure Module: it does not know the module's ioctl; /dev/nsm, "
                "or mock for the simulated module, was expected");
    return std::make_unique<HardwareNsm>(std::move(device), log);
}

Bytes HardwareNsm::process(BytesView request) {
    if (request.size() > request_bytes_max)
        return encode_response(NsmError::input_too_large);
    Bytes response(response_bytes_max);
    NsmRaw raw{{reinterpret_cast<std::uintptr_t>(request.data()), request.size()},
               {reinterpret_cast<std::uintptr_t>(response.data()), response.size()}};
    if (::ioctl(device_.get(), nsm_ioctl_raw, &raw) != 0) {
        const int reason = errno;
        log_.error("nsm_failed", "{}",
                   field("error", errno_error("the module's ioctl", reason).message));
        return encode_response(reason == EMSGSIZE ? NsmError::input_too_large
                                                  : NsmError::internal_error);
    }
    response.resize(std::min<std::size_t>(raw.response.length, response.size()));
    return response;
}

}  // namespace glovebox::nsm
