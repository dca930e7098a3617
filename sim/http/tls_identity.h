// SPDX-License-Identifier: Apache-2.0

// Who a server is under TLS.
#pragma once

#include <string>

namespace glovebox::http {

struct TlsIdentity {
    std::string certificate_chain;  // PEM, leaf first
    std::string private_key;        // PEM
};

}  // namespace glovebox::http
