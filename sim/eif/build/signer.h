// SPDX-License-Identifier: Apache-2.0

// Signs an image, as `nitro-cli build-enclave --private-key --signing-certificate` and `nitro-cli
// sign-eif` do.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/output_file.h"
#include "core/base/progress.h"
#include "sim/eif/format/certificate.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/measurement.h"

struct evp_pkey_st;

namespace glovebox::eif {

// A private EC key (P-256, P-384 or P-521) and the certificate of its public half.
class SigningIdentity {
  public:
    // Both in PEM, the key unencrypted. An error if the key does not belong to the certificate:
    // Nitro would refuse the image only at its start.
    [[nodiscard]] static Result<SigningIdentity> from_pem(BytesView private_key,
                                                          BytesView certificate);
    // Reads both from files. The ARN of a KMS key in place of the key's file is an error,
    // EifError::unsupported.
    [[nodiscard]] static Result<SigningIdentity> load(const std::string& private_key,
                                                      const std::filesystem::path& certificate);

    [[nodiscard]] const Certificate& certificate() const { return certificate_; }
    // The PCR8 of every image that is signed with this identity.
    [[nodiscard]] Pcr pcr8() const;
    // The data of a signature section for an image with this PCR0. Deterministic: the same key,
    // certificate and PCR0 give the same bytes. An error if it would exceed signature_size_max.
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

// Appends `image` with a signature to `out`, an empty file: as a new last section, or in place of
// an older signature, with the later sections moved. Returns the measurements, PCR8 included. An
// error if the image would not boot, AWS's tools would refuse it, its CRC is wrong, or its version
// has no signature section.
[[nodiscard]] Result<Measurements> write_signed(const Image& image, const SigningIdentity& identity,
                                                OutputFile& out,
                                                Progress& progress = no_progress());

// Signs a file as nitro-cli sign-eif does. The file is replaced by rename, or stays as it is.
[[nodiscard]] Result<Measurements> sign_file(const std::filesystem::path& path,
                                             const SigningIdentity& identity,
                                             Progress& progress = no_progress());

}  // namespace glovebox::eif
