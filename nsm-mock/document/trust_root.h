// SPDX-License-Identifier: Apache-2.0

// The root certificate that a verifier trusts: AWS's root of attestation, a mock root, or any other
// that the caller chooses.
#pragma once

#include <memory>
#include <string>

#include "nsm-mock/document/certificate.h"
#include "nsm-mock/document/known_certificates.h"

namespace glovebox::nsm {

// SHA-256 over the DER of AWS's root, AWS_NitroEnclaves_Root-G1, as AWS publishes it.
inline constexpr std::string_view aws_root_fingerprint =
    "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";

class TrustRoot {
  public:
    // AWS's root G1 of the commercial partition, compiled in. Throws if it does not have the
    // fingerprint above.
    [[nodiscard]] static TrustRoot aws();
    // `name` is how results call the root: "mock", or a file's name.
    TrustRoot(std::string name, Certificate certificate)
        : name_(std::move(name)), certificate_(std::move(certificate)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Certificate& certificate() const { return certificate_; }
    // What was read of documents that name this root; copies share it.
    [[nodiscard]] KnownCertificates& certificates_below() const { return *certificates_below_; }

  private:
    std::string name_;
    Certificate certificate_;
    std::shared_ptr<KnownCertificates> certificates_below_ = std::make_shared<KnownCertificates>();
};

}  // namespace glovebox::nsm
