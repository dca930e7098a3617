// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/hash.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

// FIPS 180-4's example message.
TEST(Hash, ComputesSha2) {
    const BytesView abc = as_bytes("abc");
    EXPECT_EQ(sha256_hex(abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(hash_of(HashAlgorithm::sha384, {abc})),
              "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
              "8086072ba1e7cc2358baeca134c825a7");
    EXPECT_EQ(to_hex(hash_of(HashAlgorithm::sha512, {abc})),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, PartsAndPiecesAreOneMessage) {
    const Bytes whole = hash_of(HashAlgorithm::sha256, {as_bytes("abc")});
    EXPECT_EQ(hash_of(HashAlgorithm::sha256, {as_bytes("a"), {}, as_bytes("bc")}), whole);
    Hash hash(HashAlgorithm::sha256);
    hash.update(as_bytes("ab"));
    Hash other = hash;
    hash.update(as_bytes("c"));
    EXPECT_EQ(hash.finish(), whole);
    other.update(as_bytes("c"));
    EXPECT_EQ(other.finish(), whole) << "a copy goes on from the same state";
}

// RFC 4231, test case 2.
TEST(Hmac, ComputesOverEachHash) {
    const BytesView key = as_bytes("Jefe");
    const BytesView message = as_bytes("what do ya want for nothing?");
    EXPECT_EQ(to_hex(hmac(HashAlgorithm::sha256, key, message)),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac(HashAlgorithm::sha384, key, message)),
              "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
              "8e2240ca5e69e2c78b3239ecfab21649");
    EXPECT_EQ(to_hex(hmac(HashAlgorithm::sha512, key, message)),
              "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
              "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST(Hmac, OfOneKeyIsTheSameForEveryMessage) {
    for (const auto algorithm :
         {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
        const BytesView key = as_bytes("Jefe");
        Hmac mac(algorithm, key);
        for (const char* text : {"first", "second", "", "first"})
            EXPECT_EQ(mac.of(as_bytes(text)), hmac(algorithm, key, as_bytes(text))) << text;
    }
}

}  // namespace
}  // namespace glovebox
