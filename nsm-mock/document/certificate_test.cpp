// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

TEST(Certificate, TellsItsNameTimesAndFingerprint) {
    const Certificate root = TrustRoot::aws().certificate();
    EXPECT_EQ(root.subject(), "CN=aws.nitro-enclaves,OU=AWS,O=Amazon,C=US");
    EXPECT_EQ(root.common_name(), "aws.nitro-enclaves");
    EXPECT_EQ(format_time(root.not_before()), "2019-10-28T13:28:05.000Z");
    EXPECT_EQ(format_time(root.not_after()), "2049-10-28T14:28:05.000Z");
    EXPECT_EQ(to_hex(root.fingerprint()),
              "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b");
    EXPECT_EQ(root.der().size(), 533u);
}

TEST(Certificate, GoesThereAndBackAsDerAndPem) {
    const Certificate root = TrustRoot::aws().certificate();
    EXPECT_EQ(Certificate::from_der(root.der()).value().der(), root.der());
    EXPECT_EQ(Certificate::from_pem(root.to_pem()).value().der(), root.der());
    EXPECT_EQ(Certificate::from_pem("text before\n" + root.to_pem()).value().der(), root.der());
}

TEST(Certificate, IsExactlyOneInDer) {
    const Bytes der = TrustRoot::aws().certificate().der();
    EXPECT_THAT(Certificate::from_der({}).error().message, HasSubstr("not a certificate"));
    EXPECT_THAT(Certificate::from_der(BytesView(der).first(der.size() - 1)).error().message,
                HasSubstr("not a certificate"));
    Bytes longer = der;
    longer.push_back(0);
    EXPECT_THAT(Certificate::from_der(longer).error().message, HasSubstr("1 bytes follow"));
    // The outer SEQUENCE's length in three bytes instead of two: BER, not DER.
    Bytes ber = der;
    ASSERT_EQ(ber[1], 0x82);
    ber[1] = 0x83;
    ber.insert(ber.begin() + 2, 0x00);
    EXPECT_FALSE(Certificate::from_der(ber));
    EXPECT_THAT(Certificate::from_pem("nothing").error().message, HasSubstr("PEM"));
}

}  // namespace
}  // namespace glovebox::nsm
