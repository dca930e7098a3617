// SPDX-License-Identifier: Apache-2.0

// An X.509 certificate as a value: parsed once, immutable, cheap to copy.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/crypto/openssl.h"

namespace glovebox::nsm {

class Certificate {
  public:
    // Exactly one certificate in DER, nothing after it, encoded as DER has it, with a validity that
    // can be read. The error says which of these it is not.
    [[nodiscard]] static Result<Certificate> from_der(BytesView der);
    // The first certificate of a PEM text.
    [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);
    // Takes over what OpenSSL made.
    explicit Certificate(X509Ptr x509);

    [[nodiscard]] const Bytes& der() const { return der_; }
    [[nodiscard]] std::string to_pem() const;
    [[nodiscard]] X509* get() const { return x509_.get(); }

    // SHA-256 over the DER.
    [[nodiscard]] Bytes fingerprint() const;
    // "CN=aws.nitro-enclaves,OU=AWS,O=Amazon,C=US": RFC 2253, last RDN first.
    [[nodiscard]] std::string subject() const;
    [[nodiscard]] std::string common_name() const;
    [[nodiscard]] TimePoint not_before() const { return not_before_; }
    [[nodiscard]] TimePoint not_after() const { return not_after_; }
    // Null when OpenSSL can't read it.
    [[nodiscard]] EVP_PKEY* public_key() const;

  private:
    [[nodiscard]] static Result<Certificate> take(X509Ptr x509);

    std::shared_ptr<X509> x509_;
    Bytes der_;
    TimePoint not_before_;
    TimePoint not_after_;
};

}  // namespace glovebox::nsm
