// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/es384.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <boost/system/errc.hpp>

namespace glovebox::nsm {
namespace {

constexpr int half = 48;  // bytes of r and of s

}  // namespace

bool is_p384(const EVP_PKEY* key) {
    std::array<char, 32> group{};
    return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
           std::string_view(group.data()) == SN_secp384r1;
}

SigningKey SigningKey::generate() {
    PkeyPtr key(EVP_EC_gen("P-384"));
    if (!key)
        throw_openssl("making a P-384 key");
    return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
    auto key = read_pem_private_key(as_bytes(pem));
    if (!key)
        return key.error();
    if (!is_p384(key->get()))
        return invalid_input("not a P-384 key");
    return SigningKey(std::move(*key));
}

std::string SigningKey::to_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr) != 1)
        throw_openssl("writing a private key");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Es384Signature SigningKey::sign(BytesView message) const {
    const MdCtxPtr context(EVP_MD_CTX_new());
    std::array<std::uint8_t, 128> der{};  // an ECDSA-Sig-Value of P-384 has 104 bytes at the most
    std::size_t der_size = der.size();
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), der.data(), &der_size, message.data(), message.size()) != 1)
        throw_openssl("signing with P-384");
    const unsigned char* in = der.data();
    const EcdsaSigPtr pair(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der_size)));
    Es384Signature signature{};
    if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), signature.data(), half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), signature.data() + half, half) != half)
        throw_openssl("reading back a P-384 signature");
    return signature;
}

bool verify_es384(EVP_PKEY* key, BytesView message, const Es384Signature& signature) {
    BignumPtr r(BN_bin2bn(signature.data(), half, nullptr));
    BignumPtr s(BN_bin2bn(signature.data() + half, half, nullptr));
    const EcdsaSigPtr pair(ECDSA_SIG_new());
    if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1)
        throw_openssl("reading a P-384 signature");
    // ECDSA_SIG_set0 took both.
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    std::array<std::uint8_t, 128> der{};
    unsigned char* out = der.data();
    const int der_size = i2d_ECDSA_SIG(pair.get(), &out);
    const MdCtxPtr context(EVP_MD_CTX_new());
    if (der_size <= 0 || !context ||
        EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key) != 1)
        throw_openssl("verifying with P-384");
    const bool good =
        EVP_DigestVerify(context.get(), der.data(), static_cast<std::size_t>(der_size),
                         message.data(), message.size()) == 1;
    if (!good)
        static_cast<void>(openssl_reason());  // leaves the queue empty
    return good;
}

}  // namespace glovebox::nsm
