// SPDX-License-Identifier: Apache-2.0

// The real module: /dev/nsm of a Nitro enclave, by its one ioctl (linux drivers/misc/nsm.c).
#pragma once

#include <sys/ioctl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "nsm-mock/module/nsm_device.h"

namespace glovebox::nsm {

inline constexpr const char* nsm_device_path = "/dev/nsm";

// struct nsm_raw (linux/nsm.h): where the request is, and where the response goes. On return the
// response's length is what was written.
struct NsmIovec {
    std::uint64_t address = 0;
    std::uint64_t length = 0;
};
struct NsmRaw {
    NsmIovec request;
    NsmIovec response;
};
static_assert(sizeof(NsmRaw) == 32);

inline constexpr unsigned long nsm_ioctl_raw = _IOWR(0x0A, 0, NsmRaw);

class HardwareNsm final : public NsmDevice {
  public:
    // `device` is an open /dev/nsm.
    HardwareNsm(UniqueFd device, Log& log) : device_(std::move(device)), log_(log) {}

    // An error names the device and, where it is missing or something else, what was expected.
    [[nodiscard]] static Result<std::unique_ptr<HardwareNsm>> open(const std::string& path,
                                                                   Log& log);

    // A failing ioctl is answered as AWS's library does it, with InputTooLarge (EMSGSIZE) or
    // InternalError, and is logged.
    [[nodiscard]] Bytes process(BytesView request) override;

  private:
    UniqueFd device_;
    Log& log_;
};

}  // namespace glovebox::nsm
