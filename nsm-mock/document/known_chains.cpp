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
    const Bytes name = name_of(document, root);
    const std::lock_guard lock(mutex_);
    const auto found = chains_.find(name);
    if (found == chains_.end())
        return std::nullopt;
    return found->second;
}

void KnownChains::add(const AttestationDocument& document, const TrustRoot& root,
                      std::vector<Certificate> chain) {
    Bytes name = name_of(document, root);
    const std::lock_guard lock(mutex_);
    if (!chains_.emplace(name, std::move(chain)).second)
        return;
    oldest_first_.push_back(std::move(name));
    if (oldest_first_.size() > chains_max) {
        chains_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
}

}  // namespace glovebox::nsm
