// SPDX-License-Identifier: Apache-2.0

// For tests: an enclave's security module with known PCRs, and the documents that it signs.
#pragma once

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "nsm-mock/document/trust_root.h"
#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/nsm_client.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "sim/kms/key_pair.h"

namespace glovebox::kms::testing {

// PCR<n> of these enclaves outside of debug mode: SHA-384 of "image <n>".
[[nodiscard]] inline Pcr measured(int n) {
    return sha384({as_bytes("image " + std::to_string(n))});
}

struct EnclaveOptions {
    bool debug = false;
    bool signed_image = true;
    bool with_role = true;
};

class Enclave {
  public:
    static constexpr auto role = "arn:aws:iam::111122223333:role/parent";

    Enclave(const nsm::CaIdentity& root, TimePoint now, EnclaveOptions options = {})
        : clock_(now),
          authority_(root, random_),
          nsm_(config(options), nsm::boot_pcrs(config(options)), authority_, clock_, random_,
               null_log()) {}

    // A document with the given public_key, without one for std::nullopt, with key()'s by default.
    [[nodiscard]] Bytes attest() { return attest(key().public_key().to_der()); }
    [[nodiscard]] Bytes attest(std::optional<Bytes> public_key) {
        nsm::NsmClient client(nsm_);
        nsm::request::Attestation fields;
        fields.public_key = std::move(public_key);
        return client.attest(fields).value();
    }
    // One RSA-2048 key for all enclaves: making one takes a tenth of a second.
    [[nodiscard]] static const KeyPair& key() {
        static const KeyPair pair = KeyPair::generate(*find_key_spec("RSA_2048"));
        return pair;
    }
    [[nodiscard]] nsm::NsmDevice& device() { return nsm_; }
    [[nodiscard]] ManualClock& clock() { return clock_; }

  private:
    static nsm::MockNsmConfig config(EnclaveOptions options) {
        nsm::MockNsmConfig config;
        config.module_id = nsm::parse_module_id("i-0123456789abcdef0-enc0181d3dff86da785").value();
        config.measurements.pcr0 = measured(0);
        config.measurements.pcr1 = measured(1);
        config.measurements.pcr2 = measured(2);
        if (options.signed_image)
            config.measurements.pcr8 = measured(8);
        if (options.with_role)
            config.role_arn = role;
        config.debug = options.debug;
        return config;
    }

    SystemRandom random_;
    ManualClock clock_;
    nsm::CertificateAuthority authority_;
    nsm::MockNsm nsm_;
};

}  // namespace glovebox::kms::testing
