// SPDX-License-Identifier: Apache-2.0

// The certificate and the key of a TLS server.
#pragma once

#include <string>

namespace glovebox::http {

struct TlsIdentity {
    std::string certificate_chain;  // PEM, leaf first
    std::string private_key;        // PEM
};

}  // namespace glovebox::http
