// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/trust_option.h"

namespace glovebox::cli {

Option trust_option() {
    return {.name = "--trust-env",
            .kind = Kind::flag,
            .summary =
                "Also set SSL_CERT_FILE, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, "
                "CURL_CA_BUNDLE and NODE_EXTRA_CA_CERTS, where they are not set, so that "
                "runtimes with a list of their own trust the world's TLS authority"};
}

enclave::WorldTrust read_trust(const Values& values) {
    return {values.flag("--trust-env")};
}

}  // namespace glovebox::cli
