// SPDX-License-Identifier: Apache-2.0

// A root as people name it.
#pragma once

#include <functional>
#include <string>

#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

// "aws" is AWS's root, "mock" the one that `mock_root` reads or makes (read_pki_root or open_pki),
// anything else the name of a file with a certificate in PEM or DER. The error says which root
// could not be had.
[[nodiscard]] Result<TrustRoot> named_root(const std::string& name,
                                           const std::function<Result<Certificate>()>& mock_root);

}  // namespace glovebox::nsm
