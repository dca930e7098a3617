// SPDX-License-Identifier: Apache-2.0

#include "core/base/unique_fd.h"

#include <unistd.h>

namespace glovebox {

void UniqueFd::reset(int fd) {
    // Linux frees the number even when close reports EINTR, so it is never tried again.
    if (fd_ >= 0 && fd_ != fd)
        ::close(fd_);
    fd_ = fd;
}

}  // namespace glovebox
