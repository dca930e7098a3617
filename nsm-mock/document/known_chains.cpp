// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/known_chains.h"

#include <string>
#include <utility>

#include "core/crypto/hash.h"

namespace glovebox::nsm {
namespace {

// Each certificate is preceded by its length, so one long certificate differs from two short ones.
Bytes name_of(const AttestationDocument& document, const TrustRoot& root) {
    Hash hash(HashAlgorithm::sha256);
    const auto add = [&hash](const Bytes& der) {
        hash.update(as_bytes(std::to_string(der.size()) + ":"));
        hash.update(der);
    };
    add(root.certificate().der());
    for (const Bytes& certificate : document.cabundle)
        add(certificate);
    add(document.certificate);
    return hash.finish();
}

}  // namespace

std::optional<std::vector<Certificate>> KnownChains::find(const AttestationDocument& document,
                                                          const TrustRoot& root) const {
    return chains_.find(name_of(document, root));
}

void KnownChains::add(const AttestationDocument& document, const TrustRoot& root,
                      std::vector<Certificate> chain) {
    chains_.add(name_of(document, root), std::move(chain));
}

}  // namespace glovebox::nsm
