// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/openssl.h"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <boost/system/errc.hpp>
#include <cerrno>
#include <limits>
#include <new>
#include <stdexcept>

namespace glovebox {
namespace {

int no_password(char*, int, int, void*) {
    return -1;
}

template <class Object, class Read>
Result<Object> read_pem(BytesView pem, const char* what, Read read) {
    constexpr auto bytes_max = static_cast<std::size_t>(std::numeric_limits<int>::max());
    if (pem.size() > bytes_max)
        return invalid_input(fmt::format("no {} in PEM form: {} bytes, of which {} can be read",
                                         what, pem.size(), bytes_max));
    const BioPtr reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!reader)
        throw_openssl("reading PEM");
    Object object(read(reader.get(), nullptr, no_password, nullptr));
    if (!object)
        return not_read(fmt::format("no {} in PEM form", what));
    return object;
}

// SubjectPublicKeyInfo in DER.
Bytes public_key_of(const EVP_PKEY* key) {
    return der_of<i2d_PUBKEY>(key, "reading a public key");
}

}  // namespace

void ignore_openssl_configuration() {
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1)
        throw_openssl("initialising OpenSSL");
}

Result<X509Ptr> read_pem_certificate(BytesView pem) {
    return read_pem<X509Ptr>(pem, "certificate", PEM_read_bio_X509);
}

Result<PkeyPtr> read_pem_private_key(BytesView pem) {
    return read_pem<PkeyPtr>(pem, "unencrypted private key", PEM_read_bio_PrivateKey);
}

bool is_key_of(EVP_PKEY* key, X509* certificate) {
    if (X509_check_private_key(certificate, key) == 1)
        return true;
    ERR_clear_error();
    return public_key_of(key) == public_key_of(X509_get0_pubkey(certificate));
}

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    // Not a defect of the key or certificate at hand.
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ||
        ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE) {
        ERR_clear_error();
        throw std::bad_alloc();
    }
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "OpenSSL gave no reason, as when memory has ended" : reason;
}

Error not_read(std::string_view what) {
    const bool has_reason = ERR_peek_error() != 0;
    std::string message = fmt::format("{}: {}", what, openssl_reason());
    return has_reason ? invalid_input(std::move(message))
                      : system_error(ENOMEM, std::move(message));
}

void throw_openssl(std::string_view what) {
    throw std::runtime_error(std::string(what) + ": " + openssl_reason());
}

}  // namespace glovebox
