#include "nsm-mock/mock_nsm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/nsm_client.h"
#include "nsm-mock/verify_document.h"

namespace glovebox::nsm {
namespace {

TEST(MockNsm, ItsDocumentIsVerifiedWithItsRoot) {
    SystemRandom random;
    SystemClock clock;
    CertificateAuthority authority(make_mock_root(random), random);
    MockNsmConfig config;
    config.module_id = {"i-07e25f3bada361dec", make_enclave_id(clock.now(), random)};
    config.measurements.pcr0.fill(1);
    MockNsm device(config, boot_pcrs(config), authority, clock, random, null_log());
    NsmClient client(device);
    const auto document = client.attest({.user_data = Bytes{}, .nonce = Bytes{1, 2, 3}});
    ASSERT_TRUE(document) << document.error().message;
    const auto verified =
        verify_document(*document, TrustRoot("mock", authority.root()), clock.now());
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->document().nonce, Bytes({1, 2, 3}));
    const auto refused = verify_document(*document, TrustRoot::aws(), clock.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Refusal::untrusted_root) << refused.error().message;
    std::cerr << refused.error().message << "\n";
}

}  // namespace
}  // namespace glovebox::nsm
