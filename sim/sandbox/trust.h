// SPDX-License-Identifier: Apache-2.0

// Adds the world's TLS authority to the places where programs in an enclave look for authorities to
// trust.
//
// No store of the host is changed. Each bundle file of the root gets one more certificate in the
// upper folder of an overlay, and each folder that OpenSSL searches by hash one more file. So
// OpenSSL, Python's ssl, Go, Rust's native roots, AWS-LC and curl trust the authority on Debian,
// Amazon Linux and Alpine roots. A root without a bundle trusts nobody, as on Nitro.
//
// Runtimes with a list of their own (Node, certifi, botocore) find the authority by the
// environment: two files below /run/glovebox, and variables that name them.
#pragma once

#include <string>
#include <vector>

#include "sim/sandbox/step.h"

namespace glovebox::sandbox {

struct TrustedAuthority {
    std::string certificate_pem;
    std::string subject_hash;  // 8 hexadecimal digits: `openssl x509 -subject_hash`
    // The authorities that the program's environment names, in place of a runtime's own list.
    // Empty: the environment stays unchanged.
    std::string bundle_pem;
};

// The places of a root that hold authorities: names inside of it, without symlinks, each once.
struct TrustPlaces {
    std::vector<std::string> bundles;         // "/etc/ssl/certs/ca-certificates.crt"
    std::vector<std::string> hashed_folders;  // "/etc/ssl/certs"
};

// Never fails: a place that cannot be read is absent. `root` is absolute, without symlinks.
[[nodiscard]] TrustPlaces read_trust_places(const std::string& root);

// The steps that add the authority to the places below `folder`, in the upper folder `upper` (on
// the stage) of an overlay of `folder`. `root` is the root's path on the host; `folder` is "" for
// the root itself.
[[nodiscard]] std::vector<Step> trust_steps(const TrustPlaces& places,
                                            const TrustedAuthority& authority,
                                            const std::string& root, const std::string& folder,
                                            const std::string& upper);

// For an authority with a bundle: adds the files, once /run is mounted, and the variables.
// Variables that the environment already has stay.
void add_trust_environment(std::vector<Step>& steps, std::vector<std::string>& environment,
                           const TrustedAuthority& authority);

// "NAME=value" for each runtime. `certificate` is a file with the authority only, `bundle` one with
// all authorities.
[[nodiscard]] std::vector<std::string> trust_variables(const std::string& certificate,
                                                       const std::string& bundle);

}  // namespace glovebox::sandbox
