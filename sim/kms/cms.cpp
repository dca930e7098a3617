// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/cms.h"

#include <algorithm>
#include <array>

#include "sim/kms/ber.h"

namespace glovebox::kms::cms {
namespace {

// Object identifiers, content octets. RFC 5652: id-data, id-envelopedData, id-encryptedData;
// RFC 8017: id-RSAES-OAEP, id-mgf1; NIST: id-sha256, aes256-CBC, aes256-GCM.
constexpr std::array<std::uint8_t, 9> id_data{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
constexpr std::array<std::uint8_t, 9> id_enveloped_data{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                        0x0d, 0x01, 0x07, 0x03};
constexpr std::array<std::uint8_t, 9> id_encrypted_data{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                        0x0d, 0x01, 0x07, 0x06};
constexpr std::array<std::uint8_t, 9> id_rsaes_oaep{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                    0x0d, 0x01, 0x01, 0x07};
constexpr std::array<std::uint8_t, 9> id_mgf1{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08};
constexpr std::array<std::uint8_t, 9> id_sha256{0x60, 0x86, 0x48, 0x01, 0x65,
                                                0x03, 0x04, 0x02, 0x01};
constexpr std::array<std::uint8_t, 9> id_aes256_cbc{0x60, 0x86, 0x48, 0x01, 0x65,
                                                    0x03, 0x04, 0x01, 0x2a};
constexpr std::array<std::uint8_t, 9> id_aes256_gcm{0x60, 0x86, 0x48, 0x01, 0x65,
                                                    0x03, 0x04, 0x01, 0x2e};

Bytes object_identifier(BytesView content) {
    return ber::definite(ber::object_identifier, {content});
}

Bytes small_integer(std::uint8_t value) {
    return ber::definite(ber::integer, {BytesView(&value, 1)});
}

Bytes sha256_algorithm() {
    return ber::definite(ber::sequence,
                         {object_identifier(id_sha256), ber::definite(ber::null, {})});
}

// RSAES-OAEP-params, with the defaults' opposites spelled out (RFC 8017 appendix A.2.1).
Bytes oaep_algorithm() {
    const Bytes hash = ber::definite(ber::context_constructed(0), {sha256_algorithm()});
    const Bytes mask = ber::definite(
        ber::context_constructed(1),
        {ber::definite(ber::sequence, {object_identifier(id_mgf1), sha256_algorithm()})});
    return ber::definite(ber::sequence, {object_identifier(id_rsaes_oaep),
                                         ber::definite(ber::sequence, {hash, mask})});
}

}  // namespace

Bytes encode(const EnvelopedData& message) {
    const Bytes recipient = ber::definite(
        ber::sequence,
        {small_integer(2), ber::definite(ber::context(0), {message.key_identifier}),
         oaep_algorithm(), ber::definite(ber::octet_string, {message.encrypted_key})});
    const Bytes algorithm = ber::definite(
        ber::sequence,
        {object_identifier(id_aes256_cbc), ber::definite(ber::octet_string, {message.iv})});
    const Bytes content = ber::indefinite(
        ber::sequence, {object_identifier(id_data), algorithm,
                        ber::indefinite(ber::context_constructed(0),
                                        {ber::definite(ber::octet_string, {message.ciphertext})})});
    const Bytes enveloped = ber::indefinite(
        ber::sequence, {small_integer(2), ber::definite(ber::set, {recipient}), content});
    return ber::indefinite(ber::sequence,
                           {object_identifier(id_enveloped_data),
                            ber::indefinite(ber::context_constructed(0), {enveloped})});
}

Bytes encode(const EncryptedData& message) {
    const Bytes parameters =
        ber::definite(ber::sequence, {ber::definite(ber::octet_string, {message.nonce}),
                                      small_integer(static_cast<std::uint8_t>(gcm_tag_bytes))});
    const Bytes algorithm =
        ber::definite(ber::sequence, {object_identifier(id_aes256_gcm), parameters});
    const Bytes content =
        ber::definite(ber::sequence, {object_identifier(id_data), algorithm,
                                      ber::definite(ber::context(0), {message.ciphertext})});
    const Bytes encrypted = ber::definite(ber::sequence, {small_integer(0), content});
    return ber::definite(ber::sequence, {object_identifier(id_encrypted_data),
                                         ber::definite(ber::context_constructed(0), {encrypted})});
}

std::optional<EncryptedData> decode_encrypted_data(BytesView der) {
    // Down to the two values that vary; whatever is skipped on the way is compared below.
    BytesView rest = der;
    const auto descend = [&rest](std::uint8_t tag) {
        const auto content = ber::take(rest, tag);
        if (content)
            rest = *content;
        return content.has_value();
    };
    if (!descend(ber::sequence) || !ber::take(rest, ber::object_identifier) ||
        !descend(ber::context_constructed(0)) || !descend(ber::sequence) ||
        !ber::take(rest, ber::integer) || !descend(ber::sequence) ||
        !ber::take(rest, ber::object_identifier))
        return std::nullopt;
    auto algorithm = ber::take(rest, ber::sequence);
    const auto ciphertext = ber::take(rest, ber::context(0));
    if (!algorithm || !ciphertext || !ber::take(*algorithm, ber::object_identifier))
        return std::nullopt;
    auto parameters = ber::take(*algorithm, ber::sequence);
    const auto nonce = parameters ? ber::take(*parameters, ber::octet_string) : std::nullopt;
    if (!nonce || nonce->size() != gcm_nonce_bytes || ciphertext->size() < gcm_tag_bytes)
        return std::nullopt;
    const EncryptedData message{*nonce, *ciphertext};
    const Bytes canonical = encode(message);
    if (!std::equal(canonical.begin(), canonical.end(), der.begin(), der.end()))
        return std::nullopt;
    return message;
}

}  // namespace glovebox::kms::cms
