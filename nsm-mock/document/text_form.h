// SPDX-License-Identifier: Apache-2.0

// What mail, logs and JSON make of an attestation document: hexadecimal, base64, or the bytes
// themselves.
#pragma once

#include "core/base/bytes.h"

namespace glovebox::nsm {

// `content` is taken as it is when it is no text. Base64 may have either alphabet, line breaks, and
// no padding.
[[nodiscard]] Result<Bytes> decode_text_form(BytesView content);

}  // namespace glovebox::nsm
