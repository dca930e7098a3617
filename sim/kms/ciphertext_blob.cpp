// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/ciphertext_blob.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sim/kms/cipher.h"
#include "sim/kms/cms.h"

namespace glovebox::kms {
namespace {

constexpr std::array<std::uint8_t, 5> beginning{0x01, 0x02, 0x02, 0x00, 0x78};
constexpr std::uint8_t salt_mark = 0x01;
constexpr std::size_t chance_bytes = 8;
constexpr std::size_t context_mac_bytes = 8;
constexpr std::size_t salt_bytes = chance_bytes + context_mac_bytes;
constexpr std::size_t length_bytes = 4;
constexpr std::string_view inner_header = "glovebox-1\n";  // 11 bytes

constexpr std::size_t salt_at = beginning.size() + material_id_bytes + 1;
constexpr std::size_t length_at = salt_at + salt_bytes;
constexpr std::size_t message_at = length_at + length_bytes;

void append_counted(Bytes& out, std::string_view text) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(text.size() >> shift));
    out.insert(out.end(), text.begin(), text.end());
}

// Each name and value with its length before it, so that no two contexts look alike.
Bytes encode(const EncryptionContext& context) {
    Bytes out;
    for (const auto& [name, value] : context) {
        append_counted(out, name);
        append_counted(out, value);
    }
    return out;
}

Bytes with_prefix(std::string_view prefix, BytesView bytes) {
    Bytes out(prefix.begin(), prefix.end());
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

Bytes context_mac(BytesView material, BytesView context) {
    Bytes mac = hmac("SHA256", material, with_prefix("context", context));
    mac.resize(context_mac_bytes);
    return mac;
}

Bytes blob_key(BytesView material, BytesView salt) {
    return hmac("SHA256", material, with_prefix("key", salt));
}

constexpr std::size_t id_chance_bytes = material_id_bytes - 4;

Bytes id_check(BytesView chance) {
    Bytes check = digest("SHA256", chance);
    check.resize(material_id_bytes - id_chance_bytes);
    return check;
}

bool is_material_id(BytesView id) {
    return equal_in_constant_time(id.subspan(id_chance_bytes), id_check(id.first(id_chance_bytes)));
}

struct Parts {
    BytesView material_id;
    BytesView salt;
    cms::EncryptedData message;
};

std::optional<Parts> take_apart(BytesView blob) {
    if (blob.size() <= message_at || blob.size() > ciphertext_bytes_max ||
        !std::equal(beginning.begin(), beginning.end(), blob.begin()) ||
        blob[salt_at - 1] != salt_mark ||
        !is_material_id(blob.subspan(beginning.size(), material_id_bytes)))
        return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length = length << 8 | blob[length_at + i];
    if (length != blob.size() - message_at)
        return std::nullopt;
    const auto message = cms::decode_encrypted_data(blob.subspan(message_at));
    if (!message)
        return std::nullopt;
    return Parts{blob.subspan(beginning.size(), material_id_bytes),
                 blob.subspan(salt_at, salt_bytes), *message};
}

}  // namespace

Bytes make_material_id(RandomSource& random) {
    Bytes id(id_chance_bytes);
    random.fill(id);
    const Bytes check = id_check(id);
    id.insert(id.end(), check.begin(), check.end());
    return id;
}

Bytes seal_blob(BytesView material_id, BytesView material, const EncryptionContext& context,
                BytesView plaintext, RandomSource& random) {
    if (material.empty())
        throw std::logic_error("a ciphertext was to be made with key material that is missing");
    const Bytes associated = encode(context);
    Bytes salt(chance_bytes);
    random.fill(salt);
    const Bytes mac = context_mac(material, associated);
    salt.insert(salt.end(), mac.begin(), mac.end());
    Bytes nonce(cms::gcm_nonce_bytes);
    random.fill(nonce);
    const Bytes ciphertext = gcm_encrypt(blob_key(material, salt), nonce, associated,
                                         with_prefix(inner_header, plaintext));
    const Bytes message = cms::encode(cms::EncryptedData{nonce, ciphertext});

    Bytes blob(beginning.begin(), beginning.end());
    blob.insert(blob.end(), material_id.begin(), material_id.end());
    blob.push_back(salt_mark);
    blob.insert(blob.end(), salt.begin(), salt.end());
    for (int shift = 24; shift >= 0; shift -= 8)
        blob.push_back(static_cast<std::uint8_t>(message.size() >> shift));
    blob.insert(blob.end(), message.begin(), message.end());
    return blob;
}

std::optional<Bytes> material_id_of(BytesView blob) {
    const auto parts = take_apart(blob);
    if (!parts)
        return std::nullopt;
    return Bytes(parts->material_id.begin(), parts->material_id.end());
}

OpenedBlob open_blob(BytesView material, const EncryptionContext& context, BytesView blob) {
    if (material.empty())
        throw std::logic_error("a ciphertext was to be opened with key material that is missing");
    const auto parts = take_apart(blob);
    if (!parts)
        return {std::nullopt, {BlobRefusal::Kind::not_a_blob}};
    const Bytes associated = encode(context);
    auto plaintext = gcm_decrypt(blob_key(material, parts->salt), parts->message.nonce, associated,
                                 parts->message.ciphertext);
    if (!plaintext) {
        const bool same_context = equal_in_constant_time(parts->salt.subspan(chance_bytes),
                                                         context_mac(material, associated));
        return {std::nullopt,
                {same_context ? BlobRefusal::Kind::changed : BlobRefusal::Kind::other_context}};
    }
    if (!as_text(*plaintext).starts_with(inner_header))
        return {std::nullopt, {BlobRefusal::Kind::changed}};
    plaintext->erase(plaintext->begin(),
                     plaintext->begin() + static_cast<std::ptrdiff_t>(inner_header.size()));
    return {std::move(plaintext), {}};
}

}  // namespace glovebox::kms
