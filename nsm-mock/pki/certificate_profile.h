// SPDX-License-Identifier: Apache-2.0

// How the certificates of the mock PKI are written: one profile a level, each field as AWS's
// documents show it.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "nsm-mock/document/certificate.h"
#include "nsm-mock/document/es384.h"

namespace glovebox::nsm {

struct NameEntry {
    int nid;  // OpenSSL's number of the attribute
    std::string value;
};
// In the order of the encoding.
using Name = std::vector<NameEntry>;

struct ExtensionText {
    int nid;
    std::string value;  // OpenSSL's configuration syntax: "critical,CA:TRUE,pathlen:2"
};

struct CertificateContent {
    Bytes serial;  // unsigned, big-endian
    Name subject;
    TimePoint not_before;  // whole seconds
    TimePoint not_after;
    std::vector<ExtensionText> extensions;  // in the order of the encoding
};

// Issues a certificate over `subject_key`, signed with `issuer_key`. Without an issuer's
// certificate it is self-signed.
[[nodiscard]] Certificate issue_certificate(const CertificateContent& content,
                                            const SigningKey& subject_key,
                                            const SigningKey& issuer_key,
                                            const Certificate* issuer);

// Names and extensions of the five levels.
[[nodiscard]] Name root_name();
[[nodiscard]] Name regional_name(const std::string& id, const std::string& region);
[[nodiscard]] Name zonal_name(const std::string& id, const std::string& region);
[[nodiscard]] Name instance_name(const std::string& instance_id, const std::string& region);
[[nodiscard]] Name leaf_name(const std::string& module_id, const std::string& region);

[[nodiscard]] std::vector<ExtensionText> root_extensions();
[[nodiscard]] std::vector<ExtensionText> regional_extensions();
// `crl_id` is the UUID of the regional authority's CRL.
[[nodiscard]] std::vector<ExtensionText> zonal_extensions(const std::string& region,
                                                          const std::string& crl_id);
[[nodiscard]] std::vector<ExtensionText> instance_extensions();
[[nodiscard]] std::vector<ExtensionText> leaf_extensions();

}  // namespace glovebox::nsm
