// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/secret_store.h"

#include <boost/system/errc.hpp>

#include "examples/attested-secret/recipient_key.h"
#include "nsm-mock/document/verify_document.h"

namespace glovebox::example {

SecretStore::SecretStore(SecretPolicy policy, Bytes secret, const Clock& clock,
                         RandomSource& random)
    : policy_(std::move(policy)), secret_(std::move(secret)), clock_(clock), random_(random) {}

Bytes SecretStore::issue_nonce() {
    Bytes nonce(32);
    random_.fill(nonce);
    open_nonces_.emplace(nonce, clock_.now());
    return nonce;
}

Result<Bytes> SecretStore::release(BytesView document, BytesView nonce) {
    const auto issued = open_nonces_.extract(Bytes(nonce.begin(), nonce.end()));
    if (issued.empty() || clock_.now() - issued.mapped() > freshness)
        return Error(make_error_code(boost::system::errc::permission_denied),
                     "the nonce was not issued by this store, was used before, or is too old");
    nsm::Policy policy;
    policy.pcrs[0] = policy_.pcr0;
    policy.nonce = issued.key();
    policy.max_age = freshness;
    policy.refuse_debug = true;
    const auto verified = nsm::verify_document(document, policy_.root, clock_.now(), policy);
    if (!verified)
        return verified.error();
    const auto& public_key = verified->document().public_key;
    if (!public_key)
        return Error(make_error_code(boost::system::errc::permission_denied),
                     "the document carries no public_key to encrypt the secret to");
    return encrypt_to(*public_key, secret_);
}

}  // namespace glovebox::example
