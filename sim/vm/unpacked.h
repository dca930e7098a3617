// SPDX-License-Identifier: Apache-2.0

// Compressed bytes of a kernel or a module, unpacked.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/tree/archive_reader.h"

namespace glovebox::vm {

// Errors: this machine's libarchive lacks the method, or the bytes are not of it.
[[nodiscard]] Result<Bytes> unpacked(BytesView packed, eif::Compression compression);

}  // namespace glovebox::vm
