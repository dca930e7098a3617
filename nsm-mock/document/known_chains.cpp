#include "nsm-mock/document/known_chains.h"

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <utility>

#include "core/crypto/openssl.h"

namespace glovebox::nsm {
namespace {

// Each certificate behind its length: one long certificate is not two short ones.
Bytes name_of(const AttestationDocument& document, const TrustRoot& root) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
    if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
        throw_openssl("hashing a chain");
    const auto add = [&hash](const Bytes& der) {
        const std::string size = std::to_string(der.size()) + ":";
        if (EVP_DigestUpdate(hash.get(), size.data(), size.size()) != 1 ||
            EVP_DigestUpdate(hash.get(), der.data(), der.size()) != 1)
            throw_openssl("hashing a chain");
    };
    add(root.certificate().der());
    for (const Bytes& certificate : document.cabundle)
        add(certificate);
    add(document.certificate);
    Bytes name(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (EVP_DigestFinal_ex(hash.get(), name.data(), &size) != 1)
        throw_openssl("hashing a chain");
    name.resize(size);
    return name;
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
