// SPDX-License-Identifier: Apache-2.0

// The certificate that signed an image: the values that describe-eif prints, its validity, and the
// verification of a signature with its key.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "sim/eif/format/cose_sign1.h"

struct x509_st;

namespace glovebox::eif {

class Certificate {
  public:
    // Reads the first certificate of a PEM text. The error is EifError::bad_signature.
    [[nodiscard]] static Result<Certificate> from_pem(BytesView pem);

    [[nodiscard]] Bytes der() const;
    // By OpenSSL's long names: {"commonName": "...", "countryName": "..."}.
    [[nodiscard]] std::map<std::string, std::string> issuer() const;
    [[nodiscard]] std::string signature_algorithm() const;  // "ecdsa-with-SHA384"
    [[nodiscard]] std::string signature() const;            // "30:65:02:AB:..."
    [[nodiscard]] std::string not_before() const;           // "Nov 23 07:49:08 2026 GMT"
    [[nodiscard]] std::string not_after() const;
    // Both limits included. run-enclave checks it, and treats not yet valid as expired.
    [[nodiscard]] bool is_valid_at(TimePoint time) const;

    // Whether the certificate's key made this signature. An error if the key is of another curve
    // than the algorithm names.
    [[nodiscard]] Result<bool> verifies(const CoseSign1& cose) const;

    // Owned by the certificate.
    [[nodiscard]] x509_st* get() const { return x509_.get(); }

  private:
    struct Free {
        void operator()(x509_st* x509) const;
    };
    explicit Certificate(x509_st* x509) : x509_(x509) {}
    std::unique_ptr<x509_st, Free> x509_;
};

}  // namespace glovebox::eif
