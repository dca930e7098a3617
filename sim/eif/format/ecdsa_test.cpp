// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/ecdsa.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key private_key(const char* group, const std::string& hex) {
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
        OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
    BIGNUM* raw = nullptr;
    BN_hex2bn(&raw, hex.c_str());
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(raw, BN_free);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
        OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_fromdata_init(context.get());
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get());
    return {key, EVP_PKEY_free};
}

struct Example {
    const char* group;
    CoseAlgorithm algorithm;
    const char* key;
    const char* message;
    const char* signature;  // r, s
};

// RFC 6979, A.2.5 to A.2.7, with the hash that COSE pairs with each curve.
const Example examples[] = {
    {"P-256", CoseAlgorithm::es256,
     "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "sample",
     "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
     "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
    {"P-384", CoseAlgorithm::es384,
     "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2E"
     "D"
     "F5",
     "sample",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FAB"
     "E"
     "4699EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A386"
     "2"
     "8AC8"},
    {"P-384", CoseAlgorithm::es384,
     "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2E"
     "D"
     "F5",
     "test",
     "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF02"
     "3"
     "DBDDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246B"
     "A"
     "A5A5"},
    {"P-521", CoseAlgorithm::es512,
     "0FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16F"
     "C"
     "C1466F6D8FBEC67DB89EC0C08B0E996B83538",
     "sample",
     "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152"
     "B"
     "534931D7D4E8455CC91F9B15BF05EC36E377FA"
     "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF"
     "0"
     "777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A"},
};

TEST(Ecdsa, SignaturesAreThoseOfRfc6979) {
    for (const Example& example : examples) {
        const Key key = private_key(example.group, example.key);
        ASSERT_NE(key, nullptr);
        EXPECT_EQ(cose_algorithm_of(key.get()).value(), example.algorithm);
        const Bytes signature =
            ecdsa_sign(key.get(), example.algorithm, as_bytes(example.message)).value();
        EXPECT_EQ(signature, from_hex(example.signature).value()) << example.group;
    }
}

TEST(Ecdsa, AKeyOfAnotherKindIsRefused) {
    const Key rsa(EVP_RSA_gen(2048), EVP_PKEY_free);
    EXPECT_EQ(cose_algorithm_of(rsa.get()).error().code, EifError::bad_key);
    const Key other_curve = private_key("secp256k1", "01");
    EXPECT_EQ(cose_algorithm_of(other_curve.get()).error().code, EifError::bad_key);
}

}  // namespace
}  // namespace glovebox::eif
