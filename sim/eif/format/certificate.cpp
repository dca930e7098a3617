// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/certificate.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <array>
#include <chrono>

#include "core/crypto/openssl.h"
#include "sim/eif/base/error.h"
#include "sim/eif/format/ecdsa.h"

namespace glovebox::eif {
namespace {

std::string printed_time(const ASN1_TIME* time) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!out)
        throw_openssl("printing a certificate's time");
    if (ASN1_TIME_print(out.get(), time) != 1)
        static_cast<void>(openssl_reason());  // of a bad time it has printed that
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string object_name(const ASN1_OBJECT* object) {
    std::array<char, 128> text{};
    OBJ_obj2txt(text.data(), text.size(), object, 0);
    return text.data();
}

}  // namespace

void Certificate::Free::operator()(x509_st* x509) const {
    X509_free(x509);
}

Result<Certificate> Certificate::from_pem(BytesView pem) {
    const auto bad = [](const char* why) {
        return Error(
            EifError::bad_signature,
            std::string("signing certificate: ") + why +
                "; an X.509 certificate in PEM (-----BEGIN CERTIFICATE-----) was expected");
    };
    auto x509 = read_pem_certificate(pem);
    if (!x509)
        return bad("there is none in it, or it is damaged");
    return Certificate(x509->release());
}

Bytes Certificate::der() const {
    return der_of<i2d_X509>(x509_.get(), "encoding a certificate");
}

std::map<std::string, std::string> Certificate::issuer() const {
    std::map<std::string, std::string> names;
    const X509_NAME* issuer = X509_get_issuer_name(x509_.get());
    for (int i = 0; i < X509_NAME_entry_count(issuer); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(issuer, i);
        unsigned char* text = nullptr;
        const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        const OpensslBytesPtr owner(text);
        if (size >= 0)
            names[object_name(X509_NAME_ENTRY_get_object(entry))] =
                std::string(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    }
    return names;
}

std::string Certificate::signature_algorithm() const {
    const X509_ALGOR* algorithm = nullptr;
    X509_get0_signature(nullptr, &algorithm, x509_.get());
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    return object_name(object);
}

std::string Certificate::signature() const {
    const ASN1_BIT_STRING* bits = nullptr;
    X509_get0_signature(&bits, nullptr, x509_.get());
    std::string text;
    for (int i = 0; i < bits->length; ++i)
        text += fmt::format("{}{:02X}", i == 0 ? "" : ":", bits->data[i]);
    return text;
}

std::string Certificate::not_before() const {
    return printed_time(X509_get0_notBefore(x509_.get()));
}

std::string Certificate::not_after() const {
    return printed_time(X509_get0_notAfter(x509_.get()));
}

bool Certificate::is_valid_at(TimePoint time) const {
    const std::time_t at = std::chrono::system_clock::to_time_t(time);
    return ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509_.get()), at) <= 0 &&
           ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509_.get()), at) >= 0;
}

Result<bool> Certificate::verifies(const CoseSign1& cose) const {
    EVP_PKEY* key = X509_get0_pubkey(x509_.get());
    ERR_clear_error();
    if (key == nullptr)
        return Error(EifError::bad_signature, "signing certificate: its public key can't be read");
    const auto expected = cose_algorithm_of(key);
    if (!expected)
        return Error(expected.error()).in("signing certificate");
    if (*expected != cose.algorithm)
        return Error(EifError::bad_signature,
                     fmt::format("the signature names COSE algorithm {}, the certificate's key is "
                                 "for {}",
                                 static_cast<std::int64_t>(cose.algorithm),
                                 static_cast<std::int64_t>(*expected)));
    return ecdsa_verify(key, cose.algorithm, cose.to_be_signed(), cose.signature);
}

}  // namespace glovebox::eif
