// SPDX-License-Identifier: Apache-2.0

// ECDSA on the three curves that an image can be signed with, without chance: the nonce is derived
// from key and message (RFC 6979), so that the same image, key and certificate give the same file.
// OpenSSL knows this by itself only since 3.2, and both supported distributions have 3.0.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/format/cose_sign1.h"

struct evp_pkey_st;

namespace glovebox::eif {

// P-256 -> ES256, P-384 -> ES384, P-521 -> ES512; each fixes the hash and the size of r and s
// (32, 48, 66 bytes). Any other key is an error.
[[nodiscard]] Result<CoseAlgorithm> cose_algorithm_of(const evp_pkey_st* key);

// r and s, padded to the curve's size. `key` holds the private part.
[[nodiscard]] Result<Bytes> ecdsa_sign(const evp_pkey_st* key, CoseAlgorithm algorithm,
                                       BytesView message);

[[nodiscard]] bool ecdsa_verify(evp_pkey_st* key, CoseAlgorithm algorithm, BytesView message,
                                BytesView signature);

}  // namespace glovebox::eif
