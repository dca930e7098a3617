// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/ecdsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <array>
#include <initializer_list>
#include <new>
#include <stdexcept>
#include <string>

#include "core/crypto/hash.h"
#include "core/crypto/openssl.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

struct Curve {
    CoseAlgorithm algorithm;
    const char* name;  // OpenSSL's
    int nid;
    const EVP_MD* (*method)();
    HashAlgorithm hash;
    std::size_t order_bits;

    [[nodiscard]] std::size_t size() const { return (order_bits + 7) / 8; }
};
const std::array<Curve, 3> curves{{
    {CoseAlgorithm::es256, "prime256v1", NID_X9_62_prime256v1, EVP_sha256, HashAlgorithm::sha256,
     256},
    {CoseAlgorithm::es384, "secp384r1", NID_secp384r1, EVP_sha384, HashAlgorithm::sha384, 384},
    {CoseAlgorithm::es512, "secp521r1", NID_secp521r1, EVP_sha512, HashAlgorithm::sha512, 521},
}};

const Curve& curve_of(CoseAlgorithm algorithm) {
    for (const Curve& curve : curves)
        if (curve.algorithm == algorithm)
            return curve;
    throw std::logic_error("no curve for this COSE algorithm");
}

// Big-number arithmetic fails only for lack of memory.
void require(bool done) {
    if (!done)
        throw std::bad_alloc();
}

BignumPtr new_secret() {
    BignumPtr number(BN_secure_new());
    require(number != nullptr);
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    return number;
}

// RFC 6979, 2.3.2: the leftmost order_bits bits of the octets, as an integer.
BignumPtr bits_to_integer(BytesView octets, const Curve& curve) {
    BignumPtr number = new_secret();
    require(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), number.get()) != nullptr);
    if (const std::size_t bits = octets.size() * 8; bits > curve.order_bits)
        require(BN_rshift(number.get(), number.get(), static_cast<int>(bits - curve.order_bits)));
    return number;
}

Bytes padded(const BIGNUM* number, std::size_t size) {
    Bytes octets(size);
    require(BN_bn2binpad(number, octets.data(), static_cast<int>(size)) == static_cast<int>(size));
    return octets;
}

// The stream of candidates for k: RFC 6979, 3.2, steps b to h.
class NonceSource {
  public:
    NonceSource(const Curve& curve, const Bytes& private_key, const Bytes& reduced_hash)
        : curve_(curve),
          v_(static_cast<std::size_t>(EVP_MD_get_size(curve.method())), 0x01),
          key_(v_.size(), 0x00) {
        for (const std::uint8_t round : {0x00, 0x01}) {
            key_ = mac({v_, {&round, 1}, private_key, reduced_hash});
            v_ = mac({v_});
        }
    }
    ~NonceSource() {
        OPENSSL_cleanse(v_.data(), v_.size());
        OPENSSL_cleanse(key_.data(), key_.size());
    }
    NonceSource(const NonceSource&) = delete;
    NonceSource& operator=(const NonceSource&) = delete;

    BignumPtr next() {
        Bytes octets;
        while (octets.size() < curve_.size()) {
            v_ = mac({v_});
            octets.insert(octets.end(), v_.begin(), v_.end());
        }
        octets.resize(curve_.size());
        BignumPtr candidate = bits_to_integer(octets, curve_);
        OPENSSL_cleanse(octets.data(), octets.size());
        const std::uint8_t zero = 0;
        key_ = mac({v_, {&zero, 1}});
        v_ = mac({v_});
        return candidate;
    }

  private:
    Bytes mac(std::initializer_list<BytesView> parts) const {
        Bytes message;
        for (const BytesView part : parts)
            message.insert(message.end(), part.begin(), part.end());
        Bytes result = hmac(curve_.hash, key_, message);
        OPENSSL_cleanse(message.data(), message.size());
        return result;
    }

    const Curve& curve_;
    Bytes v_;
    Bytes key_;
};

}  // namespace

Result<CoseAlgorithm> cose_algorithm_of(const evp_pkey_st* key) {
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1)
        for (const Curve& curve : curves)
            if (std::string_view(name.data(), size) == curve.name)
                return curve.algorithm;
    ERR_clear_error();
    return Error(EifError::bad_key,
                 "an EC key on P-256, P-384 or P-521 was expected; make one with: openssl ecparam "
                 "-name secp384r1 -genkey -noout -out key.pem");
}

Result<Bytes> ecdsa_sign(const evp_pkey_st* key, CoseAlgorithm algorithm, BytesView message) {
    const Curve& curve = curve_of(algorithm);
    BIGNUM* raw_private = nullptr;
    const bool has_private =
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &raw_private) == 1;
    const BignumPtr d(raw_private);
    ERR_clear_error();
    if (!has_private)
        return Error(EifError::bad_key, "the key has no private part");
    BN_set_flags(d.get(), BN_FLG_CONSTTIME);

    const BnCtxPtr context(BN_CTX_secure_new());
    const EcGroupPtr group(EC_GROUP_new_by_curve_name(curve.nid));
    require(context && group);
    const BIGNUM* q = EC_GROUP_get0_order(group.get());

    const Bytes hash = hash_of(curve.hash, {message});
    const BignumPtr z = bits_to_integer(hash, curve);
    BignumPtr reduced = new_secret();
    require(BN_nnmod(reduced.get(), z.get(), q, context.get()));
    Bytes private_octets = padded(d.get(), curve.size());
    NonceSource nonces(curve, private_octets, padded(reduced.get(), curve.size()));
    OPENSSL_cleanse(private_octets.data(), private_octets.size());

    const BignumPtr q_minus_2(BN_dup(q));
    require(q_minus_2 && BN_sub_word(q_minus_2.get(), 2));
    for (;;) {
        const BignumPtr k = nonces.next();
        if (BN_is_zero(k.get()) || BN_cmp(k.get(), q) >= 0)
            continue;
        const EcPointPtr point(EC_POINT_new(group.get()));
        BignumPtr r = new_secret();
        BignumPtr s = new_secret();
        BignumPtr inverse = new_secret();
        require(point &&
                EC_POINT_mul(group.get(), point.get(), k.get(), nullptr, nullptr, context.get()));
        require(EC_POINT_get_affine_coordinates(group.get(), point.get(), r.get(), nullptr,
                                                context.get()));
        require(BN_nnmod(r.get(), r.get(), q, context.get()));
        // s = (z + r d) / k. The inverse is computed by Fermat's little theorem, in a time that
        // does not depend on k.
        require(BN_mod_exp_mont_consttime(inverse.get(), k.get(), q_minus_2.get(), q, context.get(),
                                          nullptr));
        require(BN_mod_mul(s.get(), r.get(), d.get(), q, context.get()) &&
                BN_mod_add(s.get(), s.get(), z.get(), q, context.get()) &&
                BN_mod_mul(s.get(), s.get(), inverse.get(), q, context.get()));
        if (BN_is_zero(r.get()) || BN_is_zero(s.get()))
            continue;
        Bytes signature = padded(r.get(), curve.size());
        const Bytes second = padded(s.get(), curve.size());
        signature.insert(signature.end(), second.begin(), second.end());
        return signature;
    }
}

bool ecdsa_verify(evp_pkey_st* key, CoseAlgorithm algorithm, BytesView message,
                  BytesView signature) {
    const Curve& curve = curve_of(algorithm);
    if (signature.size() != 2 * curve.size())
        return false;
    // OpenSSL takes r and s in DER.
    const auto half = static_cast<int>(curve.size());
    const EcdsaSigPtr pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(signature.data(), half, nullptr);
    BIGNUM* s = BN_bin2bn(signature.data() + half, half, nullptr);
    require(pair && r != nullptr && s != nullptr && ECDSA_SIG_set0(pair.get(), r, s));
    const Bytes der = der_of<i2d_ECDSA_SIG>(pair.get(), "writing a signature");
    const MdCtxPtr context(EVP_MD_CTX_new());
    require(context != nullptr);
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, curve.method(), nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) ==
            1;
    if (!good)
        static_cast<void>(openssl_reason());  // empties the queue, and throws for want of memory
    return good;
}

}  // namespace glovebox::eif
