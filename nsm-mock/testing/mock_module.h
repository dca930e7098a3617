// SPDX-License-Identifier: Apache-2.0

// For tests: a mock module with everything that it uses. Its clock stands still, its root is new.
#pragma once

#include "nsm-mock/document/verify_document.h"
#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/nsm_client.h"

namespace glovebox::nsm::test {

inline constexpr TimePoint module_time{std::chrono::milliseconds(1'700'000'000'123)};

inline MockNsmConfig module_config() {
    MockNsmConfig config;
    config.module_id = {"i-07e25f3bada361dec", {0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 0xa7, 0x85}};
    config.measurements.pcr0.fill(0x10);
    config.measurements.pcr1.fill(0x11);
    config.measurements.pcr2.fill(0x12);
    return config;
}

struct MockModule {
    explicit MockModule(const MockNsmConfig& config = module_config(), Log& log = null_log())
        : device(config, boot_pcrs(config), authority, clock, random, log) {}

    SystemRandom random;
    ManualClock clock{module_time};
    CertificateAuthority authority{make_mock_root(random), random};
    TrustRoot root{"mock", authority.root()};
    MockNsm device;
    NsmClient client{device};

    // A document with these fields, decoded and not verified.
    [[nodiscard]] AttestationDocument document(request::Attestation fields = {});
};

// The payload of a document, decoded and not verified. Throws if it cannot be read.
[[nodiscard]] AttestationDocument claims_of(BytesView document);

}  // namespace glovebox::nsm::test
