// SHA-2 in a stream, by OpenSSL, and the PCR value that a hash becomes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/base/bytes.h"

struct evp_md_ctx_st;

namespace glovebox::eif {

class Hash {
  public:
    enum class Algorithm { sha256, sha384, sha512 };

    explicit Hash(Algorithm algorithm);
    // A copy goes on from the same state: content with a common start is hashed once.
    Hash(const Hash& other);
    Hash(Hash&&) noexcept = default;
    Hash& operator=(const Hash&) = delete;
    Hash& operator=(Hash&&) noexcept = default;
    ~Hash() = default;

    void update(BytesView bytes);
    // Ends the stream; the object is not used again.
    [[nodiscard]] Bytes finish();

    [[nodiscard]] static Bytes of(Algorithm algorithm, BytesView bytes);

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// A platform configuration register: SHA-384, 48 bytes.
using Pcr = std::array<std::uint8_t, 48>;

// What a PCR of zeroes holds once `content_hash`, the SHA-384 of some content, has been extended
// into it: H(48 zero bytes, content_hash).
[[nodiscard]] Pcr pcr_of_hash(BytesView content_hash);

}  // namespace glovebox::eif
