// SPDX-License-Identifier: Apache-2.0

// The world's TLS authority, where programs in an enclave look for those that they trust.
//
// Nobody's store on the host is touched: the bundle files of the root that are there get one
// certificate more in the overlay's upper folder, and the folders that OpenSSL searches by hash one
// file more. So OpenSSL, Python's ssl, Go, Rust's native roots, AWS-LC and curl trust it on Debian,
// Amazon Linux and Alpine roots. Where a root has no bundle, as on Nitro, nobody is trusted.
//
// Runtimes that bring a list of their own (Node, certifi, botocore) find another by the
// environment: two files below /run/glovebox, and variables that name them.
#pragma once

#include <string>
#include <vector>

#include "sim/sandbox/step.h"

namespace glovebox::sandbox {

struct TrustedAuthority {
    std::string certificate_pem;
    std::string subject_hash;  // 8 hex digits: `openssl x509 -subject_hash`
    // Given to the program by its environment as well: what its runtime shall trust in the place of
    // its own list. Empty: the environment stays as it is.
    std::string bundle_pem;
};

// What a root has of the places where authorities stand: names inside of it, without symlinks, each
// once.
struct TrustPlaces {
    std::vector<std::string> bundles;         // "/etc/ssl/certs/ca-certificates.crt"
    std::vector<std::string> hashed_folders;  // "/etc/ssl/certs"
};

// Never fails: what can't be read is absent. `root` is absolute, without symlinks.
[[nodiscard]] TrustPlaces read_trust_places(const std::string& root);

// For the upper folder `upper` (on the stage) of an overlay of `folder`: what of the places lies
// below it. `root` is where the host has the root; `folder` is "" for the root itself.
[[nodiscard]] std::vector<Step> trust_steps(const TrustPlaces& places,
                                            const TrustedAuthority& authority,
                                            const std::string& root, const std::string& folder,
                                            const std::string& upper);

// For an authority with a bundle: the files, once /run is mounted, and the variables; those that
// the environment has already stay.
void add_trust_environment(std::vector<Step>& steps, std::vector<std::string>& environment,
                           const TrustedAuthority& authority);

// "NAME=value" for each runtime: `certificate` holds the authority alone, `bundle` it and all
// others.
[[nodiscard]] std::vector<std::string> trust_variables(const std::string& certificate,
                                                       const std::string& bundle);

}  // namespace glovebox::sandbox
