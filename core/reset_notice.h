// SPDX-License-Identifier: Apache-2.0

// A reset that a stream can't carry by itself, told beside it.
#pragma once

#include "core/transport.h"

namespace glovebox::core {

// Of one stream, whose peer is another relay. AF_UNIX and AF_VSOCK streams end with an end of file
// however they end, so that a truncated answer would look like a whole one.
class ResetNotice {
  public:
    ResetNotice() = default;
    virtual ~ResetNotice() = default;
    ResetNotice(const ResetNotice&) = delete;
    ResetNotice& operator=(const ResetNotice&) = delete;

    // Closes the stream, as soon as the peer is sure to learn first that this end is a reset.
    virtual void reset(Stream stream) = 0;

    // Whether the peer has told a reset. Asked when the stream's end of file has been read.
    [[nodiscard]] virtual bool heard() = 0;
};

}  // namespace glovebox::core
