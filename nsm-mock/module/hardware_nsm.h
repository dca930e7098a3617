// SPDX-License-Identifier: Apache-2.0

// The real module: /dev/nsm of a Nitro enclave and its only ioctl (linux drivers/misc/nsm.c).
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

// struct nsm_raw (linux/nsm.h): the buffers of the request and the response, in the caller's
// memory. The ioctl sets the response's length to the bytes that it wrote.
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

    // Opens the device. The error names `path`, and says what to do if it is missing or if a path
    // other than /dev/nsm does not know the ioctl.
    [[nodiscard]] static Result<std::unique_ptr<HardwareNsm>> open(const std::string& path,
                                                                   Log& log);

    // A request beyond request_bytes_max is answered InputTooLarge. If the ioctl fails, the answer
    // is that of AWS's library, InputTooLarge for EMSGSIZE and InternalError otherwise, and the
    // errno is logged.
    [[nodiscard]] Bytes process(BytesView request) override;

  private:
    UniqueFd device_;
    Log& log_;
};

}  // namespace glovebox::nsm
