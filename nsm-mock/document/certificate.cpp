// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/certificate.h"

#include <openssl/pem.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "core/crypto/hash.h"

namespace glovebox::nsm {
namespace {

std::string memory_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::optional<TimePoint> time_of(const ASN1_TIME* time) {
    std::tm broken_down{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &broken_down) != 1)
        return std::nullopt;
    return TimePoint(std::chrono::seconds(timegm(&broken_down)));
}

}  // namespace

Certificate::Certificate(X509Ptr x509) : x509_(std::move(x509)) {
    der_ = der_of<i2d_X509>(x509_.get(), "encoding a certificate");
    // OpenSSL parses the extensions on first use and caches them in the object. Do that now, while
    // only one thread has it. The first real use finds the same errors again.
    static_cast<void>(X509_check_purpose(x509_.get(), -1, 0));
    static_cast<void>(openssl_reason());
    const auto not_before = time_of(X509_get0_notBefore(x509_.get()));
    const auto not_after = time_of(X509_get0_notAfter(x509_.get()));
    if (!not_before || !not_after)
        throw std::invalid_argument("a certificate's validity can't be read");
    not_before_ = *not_before;
    not_after_ = *not_after;
}

Result<Certificate> Certificate::take(X509Ptr x509) {
    if (!time_of(X509_get0_notBefore(x509.get())) || !time_of(X509_get0_notAfter(x509.get())))
        return invalid_input("the certificate's validity can't be read");
    return Certificate(std::move(x509));
}

Result<Certificate> Certificate::from_der(BytesView der) {
    const unsigned char* in = der.data();
    X509Ptr x509(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
    if (!x509)
        return not_read("not a certificate in DER");
    if (in != der.data() + der.size())
        return invalid_input(std::to_string(der.data() + der.size() - in) +
                             " bytes follow the certificate");
    // OpenSSL keeps the bytes of the signed part unchanged, and accepts BER around it. DER has one
    // encoding only.
    auto certificate = take(std::move(x509));
    if (certificate &&
        !std::equal(der.begin(), der.end(), certificate->der_.begin(), certificate->der_.end()))
        return invalid_input("the certificate is not encoded as DER");
    return certificate;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
    auto x509 = read_pem_certificate(as_bytes(pem));
    if (!x509)
        return x509.error();
    return take(std::move(*x509));
}

std::string Certificate::to_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), x509_.get()) != 1)
        throw_openssl("writing a certificate");
    return memory_of(bio.get());
}

Bytes Certificate::fingerprint() const {
    return hash_of(HashAlgorithm::sha256, {der_});
}

std::string Certificate::subject() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio ||
        X509_NAME_print_ex(bio.get(), X509_get_subject_name(x509_.get()), 0, XN_FLAG_RFC2253) < 0)
        throw_openssl("writing a certificate's name");
    return memory_of(bio.get());
}

std::string Certificate::common_name() const {
    X509_NAME* name = X509_get_subject_name(x509_.get());
    const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0)
        return subject();
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || ASN1_STRING_print_ex(bio.get(), value, ASN1_STRFLGS_RFC2253) < 0)
        throw_openssl("writing a certificate's common name");
    return memory_of(bio.get());
}

EVP_PKEY* Certificate::public_key() const {
    EVP_PKEY* key = X509_get0_pubkey(x509_.get());
    if (key == nullptr)
        static_cast<void>(openssl_reason());
    return key;
}

}  // namespace glovebox::nsm
