// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/grant_token.h"

#include "core/base/base64.h"
#include "sim/kms/cipher.h"

namespace glovebox::kms {
namespace {

constexpr std::size_t random_bytes = 128;
constexpr std::size_t code_bytes = 32;
constexpr std::size_t message_bytes = grant_id_bytes + random_bytes;

Bytes code_of(BytesView message, BytesView secret) {
    return hmac("SHA256", secret, message);
}

std::optional<Bytes> parse_token(std::string_view token) {
    auto bytes = from_base64(token);
    if (!bytes || bytes->size() != message_bytes + code_bytes)
        return std::nullopt;
    return std::move(*bytes);
}

}  // namespace

std::string make_grant_token(std::string_view grant_id, BytesView secret, RandomSource& random) {
    Bytes token = from_hex(grant_id).value();
    Bytes chance(random_bytes);
    random.fill(chance);
    token.insert(token.end(), chance.begin(), chance.end());
    const Bytes code = code_of(token, secret);
    token.insert(token.end(), code.begin(), code.end());
    return to_base64(token);
}

std::optional<std::string> grant_id_of(std::string_view token) {
    const auto bytes = parse_token(token);
    if (!bytes)
        return std::nullopt;
    return to_hex(BytesView(*bytes).first(grant_id_bytes));
}

bool is_token_of(std::string_view token, BytesView secret) {
    const auto bytes = parse_token(token);
    if (!bytes)
        return false;
    const Bytes code = code_of(BytesView(*bytes).first(message_bytes), secret);
    return equal_in_constant_time(code, BytesView(*bytes).subspan(message_bytes));
}

}  // namespace glovebox::kms
