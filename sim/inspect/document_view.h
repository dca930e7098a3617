// SPDX-License-Identifier: Apache-2.0

// An attestation document as the inspector shows it.
#pragma once

#include <functional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::inspect {

using MockRoot = std::function<Result<nsm::TrustRoot>()>;

// `glovebox verify --json` of a document, in binary, base64 or hexadecimal: by AWS's root, or by
// the mock root if the document is not below AWS's. A document whose certificates are over is also
// judged at its own time; its JSON has "judged_at_its_time" then.
[[nodiscard]] std::string document_view(BytesView file, TimePoint now, const MockRoot& mock_root);

}  // namespace glovebox::inspect
