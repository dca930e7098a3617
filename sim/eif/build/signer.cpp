// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/signer.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "core/crypto/openssl.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/ecdsa.h"
#include "sim/eif/format/signature_section.h"

namespace glovebox::eif {
namespace {

bool is_kms_arn(const std::string& text) {
    return text.starts_with("arn:aws") && text.find(":kms:") != std::string::npos;
}

Result<Bytes> read_pem(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    if (!file)
        return file.error();
    return Bytes(file->bytes().begin(), file->bytes().end());
}

}  // namespace

void SigningIdentity::Free::operator()(evp_pkey_st* key) const {
    EVP_PKEY_free(key);
}

Result<SigningIdentity> SigningIdentity::from_pem(BytesView private_key, BytesView certificate) {
    auto pkey = read_pem_private_key(private_key);
    if (!pkey)
        return Error(
            EifError::bad_key,
            "private key: no unencrypted private key in PEM (-----BEGIN EC PRIVATE KEY----- "
            "or -----BEGIN PRIVATE KEY-----) was found");
    Key key(pkey->release());
    const auto algorithm = cose_algorithm_of(key.get());
    if (!algorithm)
        return Error(algorithm.error()).in("private key");
    auto x509 = Certificate::from_pem(certificate);
    if (!x509)
        return x509.error();
    if (!is_key_of(key.get(), x509->get()))
        return Error(EifError::bad_key,
                     "the private key is not the certificate's: the enclave would be refused when "
                     "it is started. Give the pair that belongs together");
    return SigningIdentity(std::move(key), *algorithm, std::move(*x509),
                           Bytes(certificate.begin(), certificate.end()));
}

Result<SigningIdentity> SigningIdentity::load(const std::string& private_key,
                                              const std::filesystem::path& certificate) {
    if (is_kms_arn(private_key))
        return Error(EifError::unsupported,
                     private_key +
                         " is a key in AWS KMS, which Glovebox does not call: give a private key "
                         "in a PEM file, or sign with nitro-cli on AWS");
    const auto key = read_pem(private_key);
    if (!key)
        return Error(key.error()).in("private key");
    const auto pem = read_pem(certificate);
    if (!pem)
        return Error(pem.error()).in("signing certificate");
    auto identity = from_pem(*key, *pem);
    if (!identity)
        return Error(identity.error())
            .in(fmt::format("{} and {}", private_key, certificate.string()));
    return identity;
}

Pcr SigningIdentity::pcr8() const {
    return extended(Pcr{}, sha384({certificate_.der()}));
}

Result<Bytes> SigningIdentity::sign(const Pcr& pcr0) const {
    SignatureSection section;
    section.certificate_pem = certificate_pem_;
    section.cose.algorithm = algorithm_;
    section.cose.protected_header = encode_protected_header(algorithm_);
    section.cose.payload = encode_pcr0_payload(pcr0);
    auto signature = ecdsa_sign(key_.get(), algorithm_, section.cose.to_be_signed());
    if (!signature)
        return signature.error();
    section.cose.signature = std::move(*signature);
    Bytes data = section.encode();
    if (data.size() > signature_size_max)
        return Error(EifError::bad_key,
                     fmt::format("the signature section would have {} bytes, and the hypervisor "
                                 "takes {}: the certificate file ({} bytes) is too large, leave "
                                 "only the signing certificate in it",
                                 data.size(), signature_size_max, certificate_pem_.size()));
    return data;
}

Result<Measurements> write_signed(const Image& image, const SigningIdentity& identity,
                                  OutputFile& out, Progress& progress) {
    for (const Finding& finding : image.findings())
        if (finding.effect != Finding::Effect::unusual)
            return Error(EifError::damaged,
                         "an image that is not right is not signed: " + finding.sentence);
    Header header = image.header();
    if (header.version < version_signature)
        return Error(EifError::unsupported,
                     fmt::format("version {} images have no signature section (3 and later do): "
                                 "build the image anew",
                                 header.version));
    const Section* older = image.find(SectionType::signature);
    if (older == nullptr && header.num_sections == section_slots)
        return Error(EifError::limit_exceeded,
                     fmt::format("the image has {} sections already, and no more fit the header",
                                 section_slots));
    const ContentMeasurement measured = measure_content(image, nullptr, progress);
    if (measured.crc32 != header.crc32)
        return Error(EifError::damaged,
                     fmt::format("the file's CRC is {:08x} and its header says {:08x}: it was "
                                 "damaged after it was built, and is not signed",
                                 measured.crc32, header.crc32));
    const auto signature = identity.sign(measured.pcrs.pcr0);
    if (!signature)
        return signature.error();

    const BytesView file = image.checked_bytes();
    const SectionHeader section_header{.type = static_cast<std::uint16_t>(SectionType::signature),
                                       .flags = 0,
                                       .size = signature->size()};
    BytesView before = file.subspan(header_size);
    BytesView after;
    if (older == nullptr) {
        header.section_offsets[header.num_sections] = file.size();
        header.section_sizes[header.num_sections] = signature->size();
        ++header.num_sections;
    } else {
        const auto begin = static_cast<std::size_t>(older->offset);
        const std::size_t end = begin + section_header_size + older->data.size();
        before = file.subspan(header_size, begin - header_size);
        after = file.subspan(end);
        for (std::size_t i = 0; i < header.num_sections; ++i) {
            if (header.section_offsets[i] == older->offset)
                header.section_sizes[i] = signature->size();
            else if (header.section_offsets[i] > older->offset)
                // Moves forward or back; unsigned wrap-around does both.
                header.section_offsets[i] += signature->size() - older->data.size();
        }
    }
    const auto header_bytes = header.encode();
    const auto section_header_bytes = section_header.encode();
    for (const BytesView part : {BytesView(header_bytes), before, BytesView(section_header_bytes),
                                 BytesView(*signature), after})
        if (const auto written = out.append(part); !written)
            return written.error();

    const auto mapped = MappedFile::map(out.fd(), out.path());
    if (!mapped)
        return mapped.error();
    header.crc32 = image_crc32(mapped->bytes());
    if (const auto written = out.overwrite(0, header.encode()); !written)
        return written.error();
    Measurements pcrs = measured.pcrs;
    pcrs.pcr8 = identity.pcr8();
    return pcrs;
}

Result<Measurements> sign_file(const std::filesystem::path& path, const SigningIdentity& identity,
                               Progress& progress) {
    const auto file = MappedFile::open(path);
    if (!file)
        return file.error();
    const auto image = Image::parse(file->bytes());
    if (!image)
        return Error(image.error()).in(path.string());
    auto out = OutputFile::create(path);
    if (!out)
        return out.error();
    auto pcrs = write_signed(*image, identity, *out, progress);
    if (!pcrs)
        return Error(pcrs.error()).in(path.string());
    if (const auto committed = out->commit(); !committed)
        return committed.error();
    return pcrs;
}

}  // namespace glovebox::eif
