// SPDX-License-Identifier: Apache-2.0

// The security module in software: the seven requests with the semantics of the real module, and
// documents that the mock PKI signs.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random_source.h"
#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/module/nsm_request.h"
#include "nsm-mock/module/nsm_response.h"
#include "nsm-mock/module/pcr_bank.h"
#include "nsm-mock/pki/certificate_authority.h"

namespace glovebox::nsm {

// The measurements of an image. PCR8 is present if the image is signed.
struct Measurements {
    Pcr pcr0{};
    Pcr pcr1{};
    Pcr pcr2{};
    std::optional<Pcr> pcr8;
};

struct MockNsmConfig {
    ModuleId module_id;
    std::string region = "us-east-1";  // is_region()
    Measurements measurements;
    // The parent instance's IAM role, as "arn:aws:iam::123456789012:role/name". Without it PCR3 is
    // zero.
    std::optional<std::string> role_arn;
    // Debug mode: PCR0, PCR1, PCR2 and PCR8 are zero; PCR3 and PCR4 keep their values.
    bool debug = false;
    PayloadForm payload_form = PayloadForm::definite;
    FieldLimits field_limits = FieldLimits::lenient;
};

// The registers as the enclave's first instruction finds them: PCR0 to PCR15 locked, PCR3 extended
// by the role's ARN, PCR4 by the instance ID, PCR16 to PCR31 zero and unlocked.
[[nodiscard]] PcrBank boot_pcrs(const MockNsmConfig& config);

// Several threads may call it at once. The references outlive it.
class MockNsm final : public NsmDevice {
  public:
    // `pcrs` is boot_pcrs(config), or the registers that an earlier module with the same ID had at
    // its end.
    MockNsm(MockNsmConfig config, PcrBank pcrs, CertificateAuthority& authority, const Clock& clock,
            RandomSource& random, Log& log);

    [[nodiscard]] Bytes process(BytesView request) override;

    // A copy of the registers.
    [[nodiscard]] PcrBank pcrs() const;

  private:
    [[nodiscard]] Result<Response> answer(const Request& request);
    [[nodiscard]] Result<Response> answer(const request::DescribeNsm&);
    [[nodiscard]] Result<Response> answer(const request::GetRandom&);
    [[nodiscard]] Result<Response> answer(const request::DescribePcr&);
    [[nodiscard]] Result<Response> answer(const request::ExtendPcr&);
    [[nodiscard]] Result<Response> answer(const request::LockPcr&);
    [[nodiscard]] Result<Response> answer(const request::LockPcrs&);
    [[nodiscard]] Result<Response> answer(const request::Attestation&);

    // Logs once in the life of the module: a program that sends long fields sends them each time.
    void warn_of_long_fields(const request::Attestation& r);
    // The answer with the error's code, logged.
    [[nodiscard]] Bytes refuse(const Error& error);
    [[nodiscard]] const EnclaveIdentity& identity(TimePoint now);

    const MockNsmConfig config_;
    CertificateAuthority& authority_;
    const Clock& clock_;
    RandomSource& random_;
    Log& log_;

    std::atomic<bool> warned_{false};
    mutable std::mutex mutex_;  // guards what follows and random_
    PcrBank pcrs_;
    std::optional<EnclaveIdentity> identity_;
};

}  // namespace glovebox::nsm
