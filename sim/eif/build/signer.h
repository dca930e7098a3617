// SPDX-License-Identifier: Apache-2.0

// Signing an image: what `nitro-cli build-enclave --private-key --signing-certificate` and
// `nitro-cli sign-eif` add to it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/base/output_file.h"
#include "sim/eif/format/certificate.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/measurement.h"

struct evp_pkey_st;

namespace glovebox::eif {

// A private EC key (P-256, P-384 or P-521) and the certificate of its public half.
class SigningIdentity {
  public:
    // Both in PEM. Refuses a key that is not the certificate's: Nitro would refuse the image only
    // when it is started.
    [[nodiscard]] static Result<SigningIdentity> from_pem(BytesView private_key,
                                                          BytesView certificate);
    // From files. A KMS key ARN in place of a file is refused with a sentence.
    [[nodiscard]] static Result<SigningIdentity> load(const std::string& private_key,
                                                      const std::filesystem::path& certificate);

    [[nodiscard]] const Certificate& certificate() const { return certificate_; }
    // What PCR8 of an image with this identity's signature holds.
    [[nodiscard]] Pcr pcr8() const;
    // The data of a signature section for an image with this PCR0. Without chance: the same key,
    // certificate and PCR0 give the same bytes.
    [[nodiscard]] Result<Bytes> sign(const Pcr& pcr0) const;

  private:
    struct Free {
        void operator()(evp_pkey_st* key) const;
    };
    using Key = std::unique_ptr<evp_pkey_st, Free>;
    SigningIdentity(Key key, CoseAlgorithm algorithm, Certificate certificate, Bytes pem)
        : key_(std::move(key)),
          algorithm_(algorithm),
          certificate_(std::move(certificate)),
          certificate_pem_(std::move(pem)) {}

    Key key_;
    CoseAlgorithm algorithm_;
    Certificate certificate_;
    Bytes certificate_pem_;
};

// Writes `image` to `out` with a signature: appended when it has none, else in the old one's place
// with the later sections moved. Only a sound image is signed. Returns what the result measures.
[[nodiscard]] Result<Measurements> write_signed(const Image& image, const SigningIdentity& identity,
                                                OutputFile& out);

// Signs the file in place (aside and renamed), as nitro-cli sign-eif does.
[[nodiscard]] Result<Measurements> sign_file(const std::filesystem::path& path,
                                             const SigningIdentity& identity);

}  // namespace glovebox::eif
