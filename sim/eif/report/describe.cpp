// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/report/describe.h"

#include <fmt/core.h>

#include <boost/json.hpp>

#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/format/metadata.h"
#include "sim/eif/format/signature_check.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

std::string remark_of(const Finding& finding) {
    switch (finding.effect) {
        case Finding::Effect::will_not_boot:
            return "will not boot on Nitro: " + finding.sentence;
        case Finding::Effect::aws_tools_refuse:
            return "nitro-cli refuses it (E35): " + finding.sentence;
        case Finding::Effect::unusual:
            return "unusual: " + finding.sentence;
    }
    return finding.sentence;
}

json::object certificate_json(const Certificate& certificate) {
    json::object issuer;
    for (const auto& [name, value] : certificate.issuer())
        issuer[name] = value;
    json::object object;
    object["IssuerName"] = std::move(issuer);
    object["Algorithm"] = certificate.signature_algorithm();
    object["NotBefore"] = certificate.not_before();
    object["NotAfter"] = certificate.not_after();
    object["Signature"] = certificate.signature();
    return object;
}

// BuildTime ... DockerInfo, then the custom keys at the same level.
Result<json::object> metadata_json(const Metadata& metadata) {
    json::object object;
    object["BuildTime"] = metadata.build_time;
    object["BuildTool"] = metadata.build_tool;
    object["BuildToolVersion"] = metadata.build_tool_version;
    object["OperatingSystem"] = metadata.operating_system;
    object["KernelVersion"] = metadata.kernel_version;
    object["DockerInfo"] = sorted_keys(metadata.docker_info);
    if (metadata.custom.is_null())
        return object;
    if (!metadata.custom.is_object())
        return Error(EifError::bad_metadata,
                     "metadata section: CustomMetadata is neither an object nor null");
    const json::value custom = sorted_keys(metadata.custom);
    for (const auto& member : custom.get_object())
        object[member.key()] = member.value();
    return object;
}

// Adds remarks about the signature. Returns whether run-enclave accepts it and it is for this
// image.
bool judge_signature(const SignatureVerdict& verdict, TimePoint now,
                     std::vector<std::string>& remarks) {
    if (!verdict.cose_verifies)
        remarks.emplace_back(
            "the signature does not verify with the certificate's key: nitro-cli describe-eif "
            "fails "
            "with E35, run-enclave with E59");
    else if (!verdict.signs_this_image)
        remarks.emplace_back(
            "the signature is good but signs another PCR0 than this image measures: run-enclave "
            "does "
            "not check that and would start it");
    const bool valid = verdict.certificate.is_valid_at(now);
    if (!valid)
        remarks.push_back(fmt::format(
            "the signing certificate is valid from {} to {} and it is {} now: run-enclave refuses "
            "it with E59, \"The signing certificate is expired\"",
            verdict.certificate.not_before(), verdict.certificate.not_after(), format_time(now)));
    return verdict.cose_verifies && verdict.signs_this_image && valid;
}

}  // namespace

json::value measurements_json(const Measurements& pcrs) {
    json::object object;
    object["HashAlgorithm"] = "Sha384 { ... }";
    object["PCR0"] = to_hex(pcrs.pcr0);
    object["PCR1"] = to_hex(pcrs.pcr1);
    object["PCR2"] = to_hex(pcrs.pcr2);
    if (pcrs.pcr8)
        object["PCR8"] = to_hex(*pcrs.pcr8);
    return object;
}

Result<Description> describe(const Image& image, const ContentMeasurement& measured,
                             TimePoint now) {
    Description result;
    result.pcrs = measured.pcrs;
    for (const Finding& finding : image.findings())
        result.remarks.push_back(remark_of(finding));
    result.good =
        !image.has(Finding::Effect::will_not_boot) && !image.has(Finding::Effect::aws_tools_refuse);

    const auto verdict = check_signature(image, measured.pcrs.pcr0);
    if (!verdict)
        return verdict.error();
    const auto& signature = *verdict;
    if (signature)
        result.pcrs.pcr8 = signature->pcr8;
    if (const Finding* finding = image.first(Finding::Effect::aws_tools_refuse))
        result.refused_by_describe_eif = finding->sentence;
    else if (signature && !signature->cose_verifies)
        result.refused_by_describe_eif =
            "the signature does not verify with the certificate's key: another key has made it, or "
            "it was changed";

    json::object object;
    object["EifVersion"] = image.header().version;
    object["Measurements"] = measurements_json(result.pcrs);
    object["IsSigned"] = image.is_signed();
    if (signature)
        object["SigningCertificate"] = certificate_json(signature->certificate);
    result.crc_is_right = measured.crc32 == image.header().crc32;
    object["CheckCRC"] = result.crc_is_right;
    if (!result.crc_is_right) {
        result.good = false;
        result.remarks.push_back(fmt::format(
            "will not boot on Nitro: the file's CRC is {:08x} and its header (offset {}) says "
            "{:08x}: it was changed after it was built",
            measured.crc32, crc_offset, image.header().crc32));
    }
    if (signature) {
        object["SignatureCheck"] = signature->cose_verifies && signature->signs_this_image;
        result.good = judge_signature(*signature, now, result.remarks) && result.good;
    }
    // Of several, AWS's reader keeps the last.
    for (const Section* section : image.all(SectionType::metadata)) {
        const auto metadata = Metadata::decode(section->data);
        if (!metadata)
            return metadata.error();
        auto build = metadata_json(*metadata);
        if (!build)
            return build.error();
        for (const std::string& key : repeated_keys(*metadata))
            result.remarks.push_back(fmt::format(
                "unusual: the custom metadata repeats the key {}, which describe-eif prints twice; "
                "readers of JSON take the second value, which is shown here",
                key));
        object["ImageName"] = metadata->image_name;
        object["ImageVersion"] = metadata->image_version;
        object["Metadata"] = std::move(*build);
    }
    result.json = std::move(object);
    return result;
}

}  // namespace glovebox::eif
