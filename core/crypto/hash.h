// SPDX-License-Identifier: Apache-2.0

// SHA-2 and HMAC over it, by OpenSSL.
#pragma once

#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/bytes.h"

struct evp_mac_ctx_st;
struct evp_md_ctx_st;

namespace glovebox {

enum class HashAlgorithm { sha256, sha384, sha512 };

// A hash over bytes that come in pieces.
class Hash {
  public:
    explicit Hash(HashAlgorithm algorithm);
    // A copy goes on from the same state: content with a common start is hashed once.
    Hash(const Hash& other);
    Hash(Hash&&) noexcept = default;
    Hash& operator=(const Hash&) = delete;
    Hash& operator=(Hash&&) noexcept = default;
    ~Hash() = default;

    void update(BytesView bytes);
    // Ends the stream; the object is not used again.
    [[nodiscard]] Bytes finish();

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Of the parts, one after the other: 32, 48 or 64 bytes.
[[nodiscard]] Bytes hash_of(HashAlgorithm algorithm, std::initializer_list<BytesView> parts);
[[nodiscard]] std::string sha256_hex(BytesView bytes);

[[nodiscard]] Bytes hmac(HashAlgorithm algorithm, BytesView key, BytesView message);

// HMAC by one key over many messages, in a fifth to a half of the time.
class Hmac {
  public:
    Hmac(HashAlgorithm algorithm, BytesView key);

    // From any thread.
    [[nodiscard]] Bytes of(BytesView message);

  private:
    struct Free {
        void operator()(evp_mac_ctx_st* context) const;
    };
    Bytes key_;
    std::mutex mutex_;
    std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace glovebox
