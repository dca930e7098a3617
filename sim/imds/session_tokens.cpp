// SPDX-License-Identifier: Apache-2.0

#include "sim/imds/session_tokens.h"

#include <openssl/crypto.h>

#include <cstdint>

#include "core/base/base64.h"
#include "core/crypto/hash.h"

namespace glovebox::imds {
namespace {

constexpr std::size_t end_bytes = 8;
constexpr std::size_t nonce_bytes = 10;
constexpr std::size_t said_bytes = end_bytes + nonce_bytes;
constexpr std::size_t mac_bytes = 24;
constexpr std::size_t key_bytes = 32;

}  // namespace

SessionTokens::SessionTokens(RandomSource& random) : random_(random), key_(key_bytes) {
    random_.fill(key_);
}

std::string SessionTokens::make(TimePoint end) const {
    Bytes token(said_bytes);
    random_.fill(token);
    const auto number = static_cast<std::uint64_t>(unix_milliseconds(end));
    for (std::size_t i = 0; i < end_bytes; ++i)
        token[i] = static_cast<std::uint8_t>(number >> (8 * (end_bytes - 1 - i)));
    const Bytes mac = hmac(HashAlgorithm::sha256, key_, token);
    token.insert(token.end(), mac.begin(), mac.begin() + mac_bytes);
    return to_base64(token);
}

bool SessionTokens::is_valid(std::string_view token, TimePoint now) const {
    const auto bytes = from_base64(token);
    if (!bytes || bytes->size() != said_bytes + mac_bytes)
        return false;
    const BytesView said = BytesView(*bytes).first(said_bytes);
    const Bytes mac = hmac(HashAlgorithm::sha256, key_, said);
    if (CRYPTO_memcmp(mac.data(), bytes->data() + said_bytes, mac_bytes) != 0)
        return false;
    std::uint64_t end = 0;
    for (const std::uint8_t byte : said.first(end_bytes))
        end = end << 8 | byte;
    return unix_milliseconds(now) < static_cast<std::int64_t>(end);
}

}  // namespace glovebox::imds
