// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/mock_nsm.h"

#include <fmt/format.h>

#include <exception>

#include "core/base/overloaded.h"
#include "nsm-mock/document/cose_sign1.h"

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;

// A leaf is replaced this long before it ends, so every new document is valid for at least that
// long.
constexpr auto leaf_renewal = 15min;

// The real module's size is not documented; QEMU's is 256.
constexpr std::size_t random_bytes_per_request = 256;

std::string length_of(const std::optional<Bytes>& value) {
    return value ? fmt::format("of {} bytes", value->size()) : "absent";
}

// The bytes of a request and of its answer.
struct Sizes {
    std::size_t request = 0;
    std::size_t answer = 0;
};

// Each request, so that a log tells what a program attests to and what it measures.
void log_request(Log& log, const Request& request, Sizes sizes) {
    // As of a connection: what the program sent, and what it received.
    const auto sent = field("bytes_sent", sizes.request);
    const auto received = field("bytes_received", sizes.answer);
    const auto about_nothing = [&](const char* name) {
        log.info("nsm_request", "NSM {}", field("request", name), sent, received);
    };
    const auto about_pcrs = [&](const char* name, const std::string& pcrs,
                                const std::string& data = "") {
        log.info("nsm_request", "NSM {} of PCR {}{}", field("request", name), field("pcrs", pcrs),
                 data, sent, received);
    };
    std::visit(
        Overloaded{
            [&](const request::DescribeNsm&) { about_nothing("DescribeNSM"); },
            [&](const request::GetRandom&) { about_nothing("GetRandom"); },
            [&](const request::DescribePcr& r) {
                about_pcrs("DescribePCR", std::to_string(r.index));
            },
            [&](const request::ExtendPcr& r) {
                about_pcrs("ExtendPCR", std::to_string(r.index),
                           fmt::format(" with {} bytes", r.data.size()));
            },
            [&](const request::LockPcr& r) { about_pcrs("LockPCR", std::to_string(r.index)); },
            [&](const request::LockPcrs& r) {
                about_pcrs("LockPCRs", fmt::format("0-{}", static_cast<int>(r.range) - 1));
            },
            [&](const request::Attestation& r) {
                const std::string nonce = r.nonce ? to_hex(*r.nonce) : "";
                log.info("nsm_request", "NSM {}, {}{}, user_data {}, public_key {}",
                         field("request", "Attestation"),
                         !r.nonce        ? "no nonce"
                         : nonce.empty() ? "an empty nonce"
                                         : "nonce ",
                         field("nonce", nonce), length_of(r.user_data), length_of(r.public_key),
                         sent, received);
            },
        },
        request);
}

NsmError code_of(const Error& error) {
    return static_cast<NsmError>(error.code.value());
}

bool too_long(const std::optional<Bytes>& field, std::size_t max) {
    return field && field->size() > max;
}

}  // namespace

PcrBank boot_pcrs(const MockNsmConfig& config) {
    PcrBank pcrs;
    if (!config.debug) {
        pcrs.set(0, config.measurements.pcr0);
        pcrs.set(1, config.measurements.pcr1);
        pcrs.set(2, config.measurements.pcr2);
        if (config.measurements.pcr8)
            pcrs.set(8, *config.measurements.pcr8);
    }
    if (config.role_arn)
        pcrs.set(3, extended(Pcr{}, as_bytes(*config.role_arn)));
    pcrs.set(4, extended(Pcr{}, as_bytes(config.module_id.instance_id)));
    pcrs.lock_range(platform_pcr_count).value();
    return pcrs;
}

MockNsm::MockNsm(MockNsmConfig config, PcrBank pcrs, CertificateAuthority& authority,
                 const Clock& clock, RandomSource& random, Log& log)
    : config_(std::move(config)),
      authority_(authority),
      clock_(clock),
      random_(random),
      log_(log),
      pcrs_(pcrs) {}

PcrBank MockNsm::pcrs() const {
    const std::scoped_lock lock(mutex_);
    return pcrs_;
}

Bytes MockNsm::process(BytesView bytes) {
    try {
        const auto request = decode_request(bytes);
        if (!request)
            return refuse(request.error());
        Result<Response> response = answer(*request);
        Bytes encoded = encode_response(response ? *response : code_of(response.error()));
        if (encoded.size() > response_bytes_max) {
            response = Error(NsmError::buffer_too_small,
                             "the answer has " + std::to_string(encoded.size()) + " bytes");
            encoded = encode_response(NsmError::buffer_too_small);
        }
        log_request(log_, *request, {bytes.size(), encoded.size()});
        return response ? encoded : refuse(response.error());
    } catch (const std::exception& exception) {
        log_.error("bug", "{}", field("error", exception.what()));
        return encode_response(NsmError::internal_error);
    }
}

Bytes MockNsm::refuse(const Error& error) {
    const NsmError code = code_of(error);
    log_.info("nsm_refused", "NSM answers {}: {}", field("error", wire_name(code)), error.message);
    return encode_response(code);
}

Result<Response> MockNsm::answer(const Request& request) {
    return std::visit([this](const auto& r) { return answer(r); }, request);
}

Result<Response> MockNsm::answer(const request::DescribeNsm&) {
    const std::scoped_lock lock(mutex_);
    return response::DescribeNsm{.digest = "SHA384",
                                 .max_pcrs = pcr_count,
                                 .module_id = to_string(config_.module_id),
                                 .locked_pcrs = pcrs_.locked(),
                                 .version_major = 1,
                                 .version_minor = 0,
                                 .version_patch = 0};
}

Result<Response> MockNsm::answer(const request::GetRandom&) {
    response::GetRandom random{Bytes(random_bytes_per_request)};
    const std::scoped_lock lock(mutex_);
    random_.fill(random.random);
    return random;
}

Result<Response> MockNsm::answer(const request::DescribePcr& r) {
    const std::scoped_lock lock(mutex_);
    const auto pcr = pcrs_.describe(r.index);
    if (!pcr)
        return pcr.error();
    return response::DescribePcr{Bytes(pcr->value.begin(), pcr->value.end()), pcr->locked};
}

Result<Response> MockNsm::answer(const request::ExtendPcr& r) {
    const std::scoped_lock lock(mutex_);
    const auto value = pcrs_.extend(r.index, r.data);
    if (!value)
        return value.error();
    return response::ExtendPcr{Bytes(value->begin(), value->end())};
}

Result<Response> MockNsm::answer(const request::LockPcr& r) {
    const std::scoped_lock lock(mutex_);
    if (const auto locked = pcrs_.lock(r.index); !locked)
        return locked.error();
    return response::LockPcr{};
}

Result<Response> MockNsm::answer(const request::LockPcrs& r) {
    const std::scoped_lock lock(mutex_);
    if (const auto locked = pcrs_.lock_range(r.range); !locked)
        return locked.error();
    return response::LockPcrs{};
}

Result<Response> MockNsm::answer(const request::Attestation& r) {
    if (config_.field_limits == FieldLimits::strict &&
        (r.public_key == Bytes{} || too_long(r.public_key, strict_public_key_max) ||
         too_long(r.user_data, strict_user_data_max) || too_long(r.nonce, strict_nonce_max)))
        return Error(NsmError::invalid_argument,
                     "a field is not within the strict limits: public_key 1 to 1024, user_data and "
                     "nonce 0 to 512 bytes");
    warn_of_long_fields(r);
    AttestationDocument document;
    document.module_id = to_string(config_.module_id);
    document.timestamp = clock_.now();
    document.public_key = r.public_key;
    document.user_data = r.user_data;
    document.nonce = r.nonce;
    std::optional<SigningKey> key;
    {
        const std::scoped_lock lock(mutex_);
        for (const PcrIndex index : pcrs_.locked())
            document.pcrs.emplace(index, pcrs_.describe(index)->value);
        const EnclaveIdentity& signer = identity(document.timestamp);
        document.certificate = signer.certificate;
        document.cabundle = signer.cabundle;
        key = signer.key;
    }
    // Outside of the lock: only the signature takes time.
    return response::Attestation{
        CoseSign1::sign(encode_payload(document, config_.payload_form), *key).encode()};
}

void MockNsm::warn_of_long_fields(const request::Attestation& r) {
    const bool is_long = too_long(r.public_key, strict_public_key_max) ||
                         too_long(r.user_data, strict_user_data_max) ||
                         too_long(r.nonce, strict_nonce_max);
    if (!is_long || warned_.exchange(true))
        return;
    log_.warning(
        "long_fields",
        "an attestation has a user_data or nonce above {} bytes, or a public_key above {}: AWS "
        "names these limits in one place and larger ones in another, and some verifiers refuse "
        "such a document; with --strict-fields the module does",
        strict_user_data_max, strict_public_key_max);
}

const EnclaveIdentity& MockNsm::identity(TimePoint now) {
    // The clock may also have been set back before the leaf's validity.
    if (!identity_ || now < identity_->not_before || now > identity_->not_after - leaf_renewal) {
        identity_ = authority_.issue(config_.module_id, config_.region, now);
        log_.debug("leaf", "leaf certificate issued, valid until {}",
                   format_time(identity_->not_after));
    }
    return *identity_;
}

}  // namespace glovebox::nsm
