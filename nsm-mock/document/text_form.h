// SPDX-License-Identifier: Apache-2.0

// An attestation document as people pass it on: raw bytes, hexadecimal or base64. Mail, logs and
// JSON cannot hold raw bytes.
#pragma once

#include "core/base/bytes.h"

namespace glovebox::nsm {

// Returns the bytes of the document. Content that is empty or has a byte outside of printable ASCII
// and blanks is returned unchanged. Text is read as hexadecimal, then as base64 with either
// alphabet and with or without padding; blanks and line breaks are ignored. An error if the text is
// neither.
[[nodiscard]] Result<Bytes> decode_text_form(BytesView content);

// Whether the content is a text whose lines are not those of one document, which are equally long
// but for the last: a program's messages may stand among them, as on an enclave's console.
[[nodiscard]] bool has_other_lines(BytesView content);

}  // namespace glovebox::nsm
