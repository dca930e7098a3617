// SPDX-License-Identifier: Apache-2.0

// The profiles of the mock PKI's certificates: for each of the five levels the name and the
// extensions, in the order and the encoding of AWS's certificates (docs/wire.md,
// aws_profiles_test.cpp).
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "nsm-mock/document/certificate.h"
#include "nsm-mock/document/es384.h"

namespace glovebox::nsm {

struct NameEntry {
    int nid;  // OpenSSL's number of the attribute, NID_commonName
    std::string value;
};
// The attributes in the order of their encoding.
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

// Issues a certificate for `subject_key`, signed with `issuer_key`. If `issuer` is null, it is
// self-signed. Throws if OpenSSL refuses a value.
[[nodiscard]] Certificate issue_certificate(const CertificateContent& content,
                                            const SigningKey& subject_key,
                                            const SigningKey& issuer_key,
                                            const Certificate* issuer);

// Names and extensions of the five levels. `id` is 16 hexadecimal digits.
[[nodiscard]] Name root_name();
[[nodiscard]] Name regional_name(const std::string& id, const std::string& region);
[[nodiscard]] Name zonal_name(const std::string& id, const std::string& region);
[[nodiscard]] Name instance_name(const std::string& instance_id, const std::string& region);
[[nodiscard]] Name leaf_name(const std::string& module_id, const std::string& region);

[[nodiscard]] std::vector<ExtensionText> root_extensions();
[[nodiscard]] std::vector<ExtensionText> regional_extensions();
// `crl_id` is the UUID in the address of the CRL.
[[nodiscard]] std::vector<ExtensionText> zonal_extensions(const std::string& region,
                                                          const std::string& crl_id);
[[nodiscard]] std::vector<ExtensionText> instance_extensions();
[[nodiscard]] std::vector<ExtensionText> leaf_extensions();

}  // namespace glovebox::nsm
