// SPDX-License-Identifier: Apache-2.0

// OpenSSL's objects with an owner each, and its error queue as an exception.
//
// What is thrown here is a bug or an exhausted machine; what foreign bytes can cause is a Result of
// the file that reads them.
#pragma once

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox {

template <auto free_function>
struct OpensslDeleter {
    template <class T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using BioPtr = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslDeleter<BN_clear_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, OpensslDeleter<BN_CTX_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslDeleter<EVP_CIPHER_CTX_free>>;
using EcGroupPtr = std::unique_ptr<EC_GROUP, OpensslDeleter<EC_GROUP_free>>;
using EcPointPtr = std::unique_ptr<EC_POINT, OpensslDeleter<EC_POINT_free>>;
using EcdsaSigPtr = std::unique_ptr<ECDSA_SIG, OpensslDeleter<ECDSA_SIG_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using MdPtr = std::unique_ptr<EVP_MD, OpensslDeleter<EVP_MD_free>>;
using NamePtr = std::unique_ptr<X509_NAME, OpensslDeleter<X509_NAME_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslDeleter<PKCS8_PRIV_KEY_INFO_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslDeleter<X509_STORE_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;

// Bytes that OpenSSL has allocated (OPENSSL_free is a macro).
struct OpensslBytesDeleter {
    void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
using OpensslBytesPtr = std::unique_ptr<unsigned char, OpensslBytesDeleter>;

// Keeps OpenSSL from reading a configuration file (/etc/ssl/openssl.cnf, OPENSSL_CONF). Call it
// first in main. A configuration may load modules, which a static program can't, and would make
// the same command act differently from machine to machine.
void ignore_openssl_configuration();

// The first certificate or private key in a PEM text. An error when it has none, or a damaged or
// encrypted one: OpenSSL never asks for a password on the terminal.
[[nodiscard]] Result<X509Ptr> read_pem_certificate(BytesView pem);
[[nodiscard]] Result<PkeyPtr> read_pem_private_key(BytesView pem);

// Whether the private key is that of the certificate. Throws when it can't be told, for want of
// memory: OpenSSL's own comparison (X509_check_private_key) calls that a difference.
[[nodiscard]] bool is_key_of(EVP_PKEY* key, X509* certificate);

// The newest reason in OpenSSL's queue, which is then emptied. Throws std::bad_alloc if that is a
// lack of memory.
[[nodiscard]] std::string openssl_reason();
// The error of bytes that OpenSSL has just refused: "<what>: <OpenSSL's reason>". Its code is
// EINVAL, or ENOMEM if OpenSSL gave no reason: it may have lacked memory, or be silent about the
// bytes.
[[nodiscard]] Error not_read(std::string_view what);

// Throws std::runtime_error: "<what>: <OpenSSL's reason>".
[[noreturn]] void throw_openssl(std::string_view what);

// An object in DER, by one of OpenSSL's functions with i2d in their names. Throws as
// throw_openssl(what).
template <auto i2d, class Object>
[[nodiscard]] Bytes der_of(const Object* object, std::string_view what) {
    unsigned char* bytes = nullptr;
    const int size = object == nullptr ? -1 : i2d(object, &bytes);
    const OpensslBytesPtr owner(bytes);
    if (size <= 0)
        throw_openssl(what);
    return Bytes(bytes, bytes + size);
}

}  // namespace glovebox
