// SPDX-License-Identifier: Apache-2.0

// Deterministic ECDSA on the three curves that may sign an image. The nonce is derived from key and
// message (RFC 6979), so the same image, key and certificate give the same file. OpenSSL offers
// this since 3.2, and the supported distributions have 3.0.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/format/cose_sign1.h"

struct evp_pkey_st;

namespace glovebox::eif {

// The algorithm for a key: P-256 -> ES256, P-384 -> ES384, P-521 -> ES512. It determines the hash
// and the size of r and s (32, 48, 66 bytes). Any other key is an error.
[[nodiscard]] Result<CoseAlgorithm> cose_algorithm_of(const evp_pkey_st* key);

// Returns r then s, big endian, each padded to the curve's size. An error if `key` has no private
// part.
[[nodiscard]] Result<Bytes> ecdsa_sign(const evp_pkey_st* key, CoseAlgorithm algorithm,
                                       BytesView message);

// False for a signature of another length, too.
[[nodiscard]] bool ecdsa_verify(evp_pkey_st* key, CoseAlgorithm algorithm, BytesView message,
                                BytesView signature);

}  // namespace glovebox::eif
