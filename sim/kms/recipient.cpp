// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/recipient.h"

#include <fmt/core.h>

#include "sim/kms/cipher.h"
#include "sim/kms/cms.h"

namespace glovebox::kms {
namespace {

constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 4096;

Result<nsm::VerifiedDocument> verify_with_any(BytesView document,
                                              const std::vector<nsm::TrustRoot>& roots,
                                              TimePoint now, nsm::KnownChains* known) {
    std::optional<Error> untrusted;
    for (const nsm::TrustRoot& root : roots) {
        auto verified = nsm::verify_document(document, root, now, {}, known);
        if (verified || verified.error().code != nsm::DocumentError::untrusted_root)
            return verified;
        if (!untrusted)
            untrusted = verified.error();
    }
    if (roots.size() > 1)
        untrusted->message += ", nor is it one of the other roots that are trusted here";
    return untrusted ? *untrusted : invalid_input("no root of attestation is trusted here");
}

Result<PublicKey> key_of(const nsm::AttestationDocument& document, KnownRecipients* known) {
    if (!document.public_key || document.public_key->empty())
        return invalid_input(
            "the document has no public_key to encrypt the answer to: ask the security module for "
            "a "
            "document with the DER of an RSA public key in it");
    if (as_text(*document.public_key).starts_with("-----BEGIN"))
        return invalid_input(
            "the document's public_key can't be used: it is PEM text, KMS wants the DER inside "
            "(SubjectPublicKeyInfo)");
    auto key = known == nullptr ? PublicKey::from_der(*document.public_key)
                                : known->keys.read(*document.public_key);
    if (!key)
        return key.error().in(fmt::format(
            "the document's public_key of {} bytes is not an RSA key as SubjectPublicKeyInfo "
            "in DER",
            document.public_key->size()));
    if (!key->is_rsa())
        return invalid_input("the document's public_key is not an RSA key");
    if (key->bits() < rsa_bits_min || key->bits() > rsa_bits_max)
        return invalid_input(fmt::format(
            "the document's public_key is an RSA key of {} bits: {} to {} were expected",
            key->bits(), rsa_bits_min, rsa_bits_max));
    return key;
}

}  // namespace

void describe_attestation(const nsm::AttestationDocument& document,
                          policy::RequestContext& context) {
    for (const auto& [index, value] : document.pcrs) {
        if (index == 0)
            context.set("kms:RecipientAttestation:ImageSha384", to_hex(value));
        context.set(fmt::format("kms:RecipientAttestation:PCR{}", index), to_hex(value));
    }
}

Result<Recipient> Recipient::verify(BytesView document, const std::vector<nsm::TrustRoot>& roots,
                                    TimePoint now, KnownRecipients* known) {
    auto verified =
        verify_with_any(document, roots, now, known == nullptr ? nullptr : &known->chains);
    if (!verified)
        return verified.error();
    auto key = key_of(verified->document(), known);
    if (!key)
        return key.error();
    Bytes identifier = digest("SHA256", *verified->document().public_key);
    return Recipient(std::move(*verified), std::move(*key), std::move(identifier));
}

Bytes Recipient::seal(BytesView plaintext, RandomSource& random) const {
    Bytes content_key(aes256_key_bytes);
    Bytes iv(cms::cbc_iv_bytes);
    random.fill(content_key);
    random.fill(iv);
    const Bytes encrypted_key = key_.encrypt_oaep("SHA256", content_key).value();
    const Bytes ciphertext = cbc_encrypt(content_key, iv, plaintext);
    return cms::encode(cms::EnvelopedData{key_identifier_, encrypted_key, iv, ciphertext});
}

}  // namespace glovebox::kms
