// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/certificate_profile.h"

#include <fmt/core.h>
#include <openssl/x509v3.h>

#include "core/crypto/openssl.h"

namespace glovebox::nsm {
namespace {

constexpr const char* organization = "Glovebox";     // Amazon on AWS
constexpr const char* organizational_unit = "MOCK";  // AWS on AWS

NamePtr make_name(const Name& entries) {
    NamePtr name(X509_NAME_new());
    for (const NameEntry& entry : entries) {
        // AWS's country is a PrintableString and everything else a UTF8String.
        const int type = entry.nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
        if (!name ||
            X509_NAME_add_entry_by_NID(name.get(), entry.nid, type,
                                       reinterpret_cast<const unsigned char*>(entry.value.data()),
                                       static_cast<int>(entry.value.size()), -1, 0) != 1)
            throw_openssl("writing the name " + entry.value);
    }
    return name;
}

std::time_t unix_seconds(TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Certificate issue_certificate(const CertificateContent& content, const SigningKey& subject_key,
                              const SigningKey& issuer_key, const Certificate* issuer) {
    X509Ptr x509(X509_new());
    const NamePtr subject = make_name(content.subject);
    const X509_NAME* issuer_name =
        issuer == nullptr ? subject.get() : X509_get_subject_name(issuer->get());
    const BignumPtr serial(
        BN_bin2bn(content.serial.data(), static_cast<int>(content.serial.size()), nullptr));
    if (!x509 || !serial || X509_set_version(x509.get(), X509_VERSION_3) != 1 ||
        BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509.get())) == nullptr ||
        X509_set_subject_name(x509.get(), subject.get()) != 1 ||
        X509_set_issuer_name(x509.get(), issuer_name) != 1 ||
        ASN1_TIME_set(X509_getm_notBefore(x509.get()), unix_seconds(content.not_before)) ==
            nullptr ||
        ASN1_TIME_set(X509_getm_notAfter(x509.get()), unix_seconds(content.not_after)) == nullptr ||
        X509_set_pubkey(x509.get(), subject_key.get()) != 1)
        throw_openssl("filling in a certificate");
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? x509.get() : issuer->get(), x509.get(), nullptr,
                   nullptr, 0);
    for (const ExtensionText& text : content.extensions) {
        const ExtensionPtr extension(
            X509V3_EXT_nconf_nid(nullptr, &context, text.nid, text.value.c_str()));
        if (!extension || X509_add_ext(x509.get(), extension.get(), -1) != 1)
            throw_openssl("writing the extension " + text.value);
    }
    if (X509_sign(x509.get(), issuer_key.get(), EVP_sha384()) == 0)
        throw_openssl("signing a certificate");
    return Certificate(std::move(x509));
}

Name root_name() {
    return {{NID_countryName, "US"},
            {NID_organizationName, organization},
            {NID_organizationalUnitName, organizational_unit},
            {NID_commonName, "aws.nitro-enclaves.MOCK"}};
}

Name regional_name(const std::string& id, const std::string& region) {
    return {{NID_countryName, "US"},
            {NID_organizationName, organization},
            {NID_organizationalUnitName, organizational_unit},
            {NID_commonName, fmt::format("{}.{}.aws.nitro-enclaves.MOCK", id, region)}};
}

Name zonal_name(const std::string& id, const std::string& region) {
    return {{NID_commonName, fmt::format("{}.zonal.{}.aws.nitro-enclaves.MOCK", id, region)},
            {NID_organizationalUnitName, organizational_unit},
            {NID_organizationName, organization},
            {NID_countryName, "US"},
            {NID_stateOrProvinceName, "WA"},
            {NID_localityName, "Seattle"}};
}

namespace {

Name washington_name(std::string common_name) {
    return {{NID_countryName, "US"},
            {NID_stateOrProvinceName, "Washington"},
            {NID_localityName, "Seattle"},
            {NID_organizationName, organization},
            {NID_organizationalUnitName, organizational_unit},
            {NID_commonName, std::move(common_name)}};
}

constexpr const char* ca_key_usage = "critical,digitalSignature,keyCertSign,cRLSign";

}  // namespace

Name instance_name(const std::string& instance_id, const std::string& region) {
    return washington_name(fmt::format("{}.{}.aws.nitro-enclaves.MOCK", instance_id, region));
}

Name leaf_name(const std::string& module_id, const std::string& region) {
    return washington_name(fmt::format("{}.{}.aws.MOCK", module_id, region));
}

std::vector<ExtensionText> root_extensions() {
    return {{NID_basic_constraints, "critical,CA:TRUE"},
            {NID_subject_key_identifier, "hash"},
            {NID_key_usage, ca_key_usage}};
}

std::vector<ExtensionText> regional_extensions() {
    // RFC 2606: .invalid resolves nowhere. Nitro's verifiers fetch no CRL.
    return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:2"},
            {NID_authority_key_identifier, "keyid:always"},
            {NID_subject_key_identifier, "hash"},
            {NID_key_usage, ca_key_usage},
            {NID_crl_distribution_points,
             "URI:http://aws-nitro-enclaves-crl.mock.invalid/crl/"
             "00000000-0000-4000-8000-000000000000.crl"}};
}

std::vector<ExtensionText> zonal_extensions(const std::string& region, const std::string& crl_id) {
    return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
            {NID_authority_key_identifier, "keyid:always"},
            {NID_subject_key_identifier, "hash"},
            {NID_key_usage, ca_key_usage},
            {NID_crl_distribution_points,
             fmt::format("URI:http://crl-{0}-aws-nitro-enclaves.{0}.mock.invalid/crl/{1}.crl",
                         region, crl_id)}};
}

std::vector<ExtensionText> instance_extensions() {
    // Documents of 2021 to 2023 have neither key identifier here; those since 2024 have both.
    return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
            {NID_key_usage, "critical,keyCertSign"},
            {NID_subject_key_identifier, "hash"},
            {NID_authority_key_identifier, "keyid:always"}};
}

std::vector<ExtensionText> leaf_extensions() {
    return {{NID_basic_constraints, "critical,CA:FALSE"},
            {NID_key_usage, "digitalSignature,nonRepudiation"}};
}

}  // namespace glovebox::nsm
