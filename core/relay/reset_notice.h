// SPDX-License-Identifier: Apache-2.0

// A reset that a stream cannot carry by itself, sent on a separate connection.
#pragma once

#include "core/base/unique_fd.h"

namespace glovebox::core {

// For one stream whose peer is another relay. AF_UNIX and AF_VSOCK streams always end with an end
// of file, so a truncated answer would look complete.
class ResetNotice {
  public:
    ResetNotice() = default;
    virtual ~ResetNotice() = default;
    ResetNotice(const ResetNotice&) = delete;
    ResetNotice& operator=(const ResetNotice&) = delete;

    // Closes the stream's socket once the peer is sure to receive the notice of the reset first.
    virtual void reset(UniqueFd socket) = 0;

    // Whether the peer has reported a reset. Call it after the stream's end of file was read.
    [[nodiscard]] virtual bool heard() = 0;
};

}  // namespace glovebox::core
