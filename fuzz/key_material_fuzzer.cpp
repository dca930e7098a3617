// SPDX-License-Identifier: Apache-2.0

// Keys that a client of the KMS sends: a public key (Recipient, DeriveSharedSecret) and a private
// one (ImportKeyMaterial). A key that is read is written and read again with the same bytes.

#include "fuzz/require.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/known_keys.h"

using namespace glovebox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    static kms::KnownKeys known;
    if (const auto key = known.read(bytes)) {
        const Bytes der = key->to_der();
        const auto again = kms::PublicKey::from_der(der);
        require(again && again->to_der() == der);
        require(key->bits() > 0);
        static_cast<void>(key->is_on("P-256"));
    }
    if (const auto pair = kms::KeyPair::from_der(bytes)) {
        const Bytes der = pair->to_der();
        const auto again = kms::KeyPair::from_der(der);
        require(again && again->to_der() == der);
        static_cast<void>(pair->public_key().to_der());
    }
    return 0;
}
