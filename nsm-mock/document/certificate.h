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
    // Reads exactly one certificate in DER. The error says what is wrong: not a certificate, bytes
    // after it, an encoding that is BER but not DER, or a validity that cannot be read.
    [[nodiscard]] static Result<Certificate> from_der(BytesView der);
    // Reads the first certificate of a PEM text. An error if the text holds none or its validity
    // cannot be read.
    [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);
    // Takes ownership. Throws if OpenSSL cannot encode the certificate or its validity cannot be
    // read.
    explicit Certificate(X509Ptr x509);

    [[nodiscard]] const Bytes& der() const { return der_; }
    [[nodiscard]] std::string to_pem() const;
    [[nodiscard]] X509* get() const { return x509_.get(); }

    // SHA-256 over the DER, 32 bytes.
    [[nodiscard]] Bytes fingerprint() const;
    // As RFC 2253 writes it, last RDN first: "CN=aws.nitro-enclaves,OU=AWS,O=Amazon,C=US".
    [[nodiscard]] std::string subject() const;
    // The subject's common name, or the whole subject without one.
    [[nodiscard]] std::string common_name() const;
    // The first and the last moment at which it is valid; both belong to the validity.
    [[nodiscard]] TimePoint not_before() const { return not_before_; }
    [[nodiscard]] TimePoint not_after() const { return not_after_; }
    // Owned by the certificate. Null if OpenSSL cannot read the key.
    [[nodiscard]] EVP_PKEY* public_key() const;

  private:
    [[nodiscard]] static Result<Certificate> take(X509Ptr x509);

    std::shared_ptr<X509> x509_;
    Bytes der_;
    TimePoint not_before_;
    TimePoint not_after_;
};

}  // namespace glovebox::nsm
