// SPDX-License-Identifier: Apache-2.0

// The mock of AWS's attestation PKI: five certificates, from a root that a user's verifiers may
// trust down to the key of one enclave, with the profiles and lifetimes of AWS's certificates.
//
//   root      CN=aws.nitro-enclaves.MOCK                        30 years, in the PKI directory
//   regional  CN=<16 hex>.<region>.aws.nitro-enclaves.MOCK      20 d 1 h, path length 2
//   zonal     CN=<16 hex>.zonal.<region>.aws.nitro-enclaves...  5 d 14 h to 5 d 21 h, path length 1
//   instance  CN=i-....<region>.aws.nitro-enclaves.MOCK         24 h, path length 0
//   leaf      CN=<module id>.<region>.aws.MOCK                  3 h, signs documents
//
// The names say what the certificates are: O=Glovebox and OU=MOCK in place of O=Amazon and OU=AWS,
// and .MOCK at the end of the CN. All keys are P-384, all signatures ecdsa-with-SHA384.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "nsm-mock/document/certificate.h"
#include "nsm-mock/document/es384.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/pki/certificate_profile.h"

namespace glovebox::nsm {

struct CaIdentity {
    SigningKey key;
    Certificate certificate;
};

// The key that signs an enclave's documents, and the certificates for it.
struct EnclaveIdentity {
    SigningKey key;
    Bytes certificate;            // the leaf, DER
    std::vector<Bytes> cabundle;  // root, regional, zonal, instance, DER
    TimePoint not_before;         // of the leaf, which ends before the other four
    TimePoint not_after;
};

// A new self-signed root. Its validity is that of AWS's root, 2019 to 2049, so it is valid for any
// clock between.
[[nodiscard]] CaIdentity make_mock_root(RandomSource& random);

// The instance ID of the simulated parent: "i-0" and 16 hexadecimal digits from the root's
// fingerprint. It is the same for everything that runs under one mock root, so PCR4 is stable.
[[nodiscard]] std::string mock_instance_id(const Certificate& root);

// Whether the text is 1 to 15 lower-case letters, digits and hyphens. A longer name does not fit
// into the 64 characters of a common name (RFC 5280, ub-common-name).
[[nodiscard]] bool is_region(std::string_view text);

// Issues leaf certificates. It makes the three certificates between root and leaf when they are
// first needed, and makes new ones when they would end before a certificate that they sign. May be
// called from any thread.
class CertificateAuthority {
  public:
    // `random` is the source of serial numbers and names; keys come from OpenSSL's generator. It
    // outlives the authority.
    CertificateAuthority(const CaIdentity& root, RandomSource& random);

    [[nodiscard]] const Certificate& root() const { return root_.identity.certificate; }

    // Makes a key and a leaf for it, valid from 3 s before `now` to 3 h after it. Requires
    // is_instance_id(id.instance_id) and is_region(region). Throws only if OpenSSL fails.
    [[nodiscard]] EnclaveIdentity issue(const ModuleId& id, const std::string& region,
                                        TimePoint now);

  private:
    struct Validity {
        TimePoint from;
        TimePoint until;
    };
    // A certificate that signs others, with its own issuers. It keeps these when the cache gets
    // newer ones.
    struct Issuer {
        CaIdentity identity;
        std::vector<Bytes> bundle;  // from the root down to its own, DER
    };
    using Cache = std::map<std::string, Issuer>;

    // Each returns the cached issuer, or a new one if the cached one is not valid for all of
    // `needed`. The reference is valid until the next call.
    const Issuer& regional(const std::string& region, TimePoint now, Validity needed);
    const Issuer& zonal(const std::string& region, TimePoint now, Validity needed);
    const Issuer& instance(const std::string& instance_id, const std::string& region, TimePoint now,
                           Validity needed);
    [[nodiscard]] static const Issuer* find(const Cache& cache, const std::string& name,
                                            Validity needed);
    [[nodiscard]] static Issuer make_issuer(const Issuer& above, Bytes serial, Name subject,
                                            Validity validity,
                                            std::vector<ExtensionText> extensions);

    Issuer root_;
    RandomSource& random_;
    std::mutex mutex_;  // guards what follows and random_
    Cache regional_;
    Cache zonal_;
    Cache instance_;  // by "<instance>.<region>"
};

}  // namespace glovebox::nsm
