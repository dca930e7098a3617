// SPDX-License-Identifier: Apache-2.0

// The mock of AWS's attestation PKI: five certificates from a root that one user's machines trust
// down to the key of one enclave, with the profiles and lifetimes of the real ones.
//
//   root      CN=aws.nitro-enclaves.MOCK                        30 years, in the PKI directory
//   regional  CN=<16 hex>.<region>.aws.nitro-enclaves.MOCK      20 d 1 h, path length 2
//   zonal     CN=<16 hex>.zonal.<region>.aws.nitro-enclaves...  5 d 14 h to 5 d 21 h, path length 1
//   instance  CN=i-....<region>.aws.nitro-enclaves.MOCK         24 h, path length 0
//   leaf      CN=<module id>.<region>.aws.MOCK                  3 h, signs documents
//
// Names differ from AWS's only in saying what they are: O=Glovebox, OU=MOCK and the last label of
// the CN. All keys are P-384, all signatures ecdsa-with-SHA384.
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

// What an enclave's documents are signed with.
struct EnclaveIdentity {
    SigningKey key;
    Bytes certificate;            // the leaf, DER
    std::vector<Bytes> cabundle;  // root, regional, zonal, instance, DER
    TimePoint not_before;         // of the leaf, the shortest of the five
    TimePoint not_after;
};

// A new self-signed root. Its validity is the one of AWS's root, so that any clock from 2019 to
// 2049 finds it valid.
[[nodiscard]] CaIdentity make_mock_root(RandomSource& random);

// The parent instance's id of everything that runs under one mock root: stable, so that PCR4 is.
[[nodiscard]] std::string mock_instance_id(const Certificate& root);

// Whether a region's name fits the certificates' 64-character common names: lower-case letters,
// digits and hyphens, 15 at the most.
[[nodiscard]] bool is_region(std::string_view text);

// Issues leaves, and the certificates between them and the root where they are missing or would end
// before what they sign. Safe from any thread.
class CertificateAuthority {
  public:
    // `random` gives serial numbers and names; keys come from OpenSSL's own generator. It outlives
    // the authority.
    CertificateAuthority(const CaIdentity& root, RandomSource& random);

    [[nodiscard]] const Certificate& root() const { return root_.identity.certificate; }

    // `id.instance_id` is_instance_id() and `region` is_region().
    [[nodiscard]] EnclaveIdentity issue(const ModuleId& id, const std::string& region,
                                        TimePoint now);

  private:
    struct Validity {
        TimePoint from;
        TimePoint until;
    };
    // A certificate that signs others, with its own issuers: these stay its own when they are
    // renewed for another.
    struct Issuer {
        CaIdentity identity;
        std::vector<Bytes> bundle;  // from the root down to its own, DER
    };
    using Cache = std::map<std::string, Issuer>;

    // Each gives the cached one, or a new one when that doesn't cover `needed`.
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
