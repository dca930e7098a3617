// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/certificate_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <set>

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;
using testing::EndsWith;

constexpr TimePoint issue_time{std::chrono::milliseconds(1'700'000'000'123)};

const ModuleId module{"i-07e25f3bada361dec", {0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 0xa7, 0x85}};

class CertificateAuthorityTest : public testing::Test {
  protected:
    std::vector<Certificate> chain(TimePoint at = issue_time, const ModuleId& id = module,
                                   const std::string& region = "eu-central-1") {
        const EnclaveIdentity identity = authority_.issue(id, region, at);
        std::vector<Certificate> certificates;
        for (const Bytes& der : identity.cabundle)
            certificates.push_back(Certificate::from_der(der).value());
        certificates.push_back(Certificate::from_der(identity.certificate).value());
        return certificates;
    }

    SystemRandom random_;
    CertificateAuthority authority_{make_mock_root(random_), random_};
};

std::string serial_of(const Certificate& certificate) {
    const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate.get()), nullptr));
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), bytes.data());
    return to_hex(bytes);
}

TEST_F(CertificateAuthorityTest, NamesHaveTheFormOfTheRealOnesAndSayMock) {
    const auto certificates = chain();
    ASSERT_EQ(certificates.size(), 5u);
    EXPECT_EQ(certificates[0].subject(), "CN=aws.nitro-enclaves.MOCK,OU=MOCK,O=Glovebox,C=US");
    EXPECT_THAT(certificates[1].common_name(),
                testing::MatchesRegex("[0-9a-f]+\\.eu-central-1\\.aws\\.nitro-enclaves\\.MOCK"));
    EXPECT_THAT(
        certificates[2].common_name(),
        testing::MatchesRegex("[0-9a-f]+\\.zonal\\.eu-central-1\\.aws\\.nitro-enclaves\\.MOCK"));
    EXPECT_EQ(certificates[3].common_name(),
              "i-07e25f3bada361dec.eu-central-1.aws.nitro-enclaves.MOCK");
    EXPECT_EQ(certificates[4].subject(),
              "CN=i-07e25f3bada361dec-enc018bcfe56800a785.eu-central-1.aws.MOCK,OU=MOCK,O=Glovebox,"
              "L=Seattle,ST=Washington,C=US");
    for (const Certificate& certificate : certificates)
        EXPECT_THAT(certificate.common_name(), EndsWith(".MOCK"));
}

// The addresses of the certificate's revocation lists.
std::vector<std::string> crl_addresses(const Certificate& certificate) {
    const std::unique_ptr<STACK_OF(DIST_POINT), decltype(&CRL_DIST_POINTS_free)> points(
        static_cast<STACK_OF(DIST_POINT)*>(
            X509_get_ext_d2i(certificate.get(), NID_crl_distribution_points, nullptr, nullptr)),
        CRL_DIST_POINTS_free);
    std::vector<std::string> addresses;
    for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
        const GENERAL_NAMES* names = sk_DIST_POINT_value(points.get(), i)->distpoint->name.fullname;
        const ASN1_STRING* uri = sk_GENERAL_NAME_value(names, 0)->d.uniformResourceIdentifier;
        addresses.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                               static_cast<std::size_t>(ASN1_STRING_length(uri)));
    }
    return addresses;
}

TEST_F(CertificateAuthorityTest, RevocationListsAreNamedWhereNothingAnswers) {
    using testing::ElementsAre;
    using testing::MatchesRegex;
    const auto certificates = chain();
    for (const std::size_t without : {0, 3, 4})
        EXPECT_THAT(crl_addresses(certificates[without]), testing::IsEmpty()) << without;
    EXPECT_THAT(crl_addresses(certificates[1]),
                ElementsAre(MatchesRegex("http://aws-nitro-enclaves-crl\\.mock\\.invalid/crl/.*")));
    EXPECT_THAT(crl_addresses(certificates[2]),
                ElementsAre(MatchesRegex("http://crl-eu-central-1-aws-nitro-enclaves\\."
                                         "eu-central-1\\.mock\\.invalid/crl/.*\\.crl")));
}

TEST_F(CertificateAuthorityTest, LifetimesAreTheRealOnes) {
    const auto certificates = chain();
    const auto lifetime = [&](std::size_t i) {
        return certificates[i].not_after() - certificates[i].not_before();
    };
    EXPECT_EQ(format_time(certificates[0].not_before()), "2019-10-28T13:28:05.000Z");
    EXPECT_EQ(format_time(certificates[0].not_after()), "2049-10-28T14:28:05.000Z");
    EXPECT_EQ(lifetime(1), days(20) + 1h);
    EXPECT_GE(lifetime(2), days(5) + 14h);
    EXPECT_LE(lifetime(2), days(5) + 21h);
    EXPECT_EQ(lifetime(3), 24h);
    EXPECT_EQ(lifetime(4), 3h + 3s);
    const TimePoint issued = std::chrono::floor<seconds>(issue_time);
    EXPECT_EQ(certificates[4].not_before(), issued - 3s);
    EXPECT_EQ(certificates[4].not_after(), issued + 3h);
}

TEST_F(CertificateAuthorityTest, TheLeafsSerialIsTheEnclaveAndTheSecondOfIssue) {
    EXPECT_EQ(serial_of(chain()[4]), "018bcfe56800a785000000006553f100")
        << "018bcfe56800a785, then 1700000000";
    EXPECT_EQ(serial_of(chain()[3]).size(), 40u);
    EXPECT_EQ(serial_of(chain()[2]).size(), 32u);
    EXPECT_EQ(serial_of(chain()[1]).size(), 32u);
}

TEST_F(CertificateAuthorityTest, OnlyTheLeafIsNewWhileTheOthersLast) {
    const auto first = chain();
    const auto second = chain(issue_time + 3h);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(first[i].der(), second[i].der()) << i;
    EXPECT_NE(first[4].der(), second[4].der());
}

TEST_F(CertificateAuthorityTest, EachIsRenewedBeforeWhatItSignsWouldOutliveIt) {
    // Two months, some hours at a time: every certificate lies within its issuer's time.
    std::set<Bytes> regional;
    for (TimePoint at = issue_time; at < issue_time + days(60); at += 5h + 17min) {
        const auto certificates = chain(at);
        for (std::size_t i = 1; i < certificates.size(); ++i) {
            ASSERT_GE(certificates[i].not_before(), certificates[i - 1].not_before()) << i;
            ASSERT_LE(certificates[i].not_after(), certificates[i - 1].not_after()) << i;
            ASSERT_EQ(X509_verify(certificates[i].get(), certificates[i - 1].public_key()), 1) << i;
        }
        regional.insert(certificates[1].der());
    }
    EXPECT_GE(regional.size(), 3u);
    EXPECT_LE(regional.size(), 10u) << "not one for every leaf";
}

TEST_F(CertificateAuthorityTest, OneInstancesChainStaysItsOwnWhenAnothersIsRenewed) {
    const ModuleId other{"i-00000000000000001", module.enclave_id};
    const auto first = chain(issue_time);
    // The other instance comes when the zonal certificate would not last a day any more.
    const auto later = chain(issue_time + days(5), other);
    ASSERT_NE(first[2].der(), later[2].der());
    const auto again = chain(issue_time + 1h);
    EXPECT_EQ(again[3].der(), first[3].der());
    for (std::size_t i = 1; i < again.size(); ++i)
        EXPECT_EQ(X509_verify(again[i].get(), again[i - 1].public_key()), 1) << i;
}

TEST_F(CertificateAuthorityTest, RegionsFitTheCommonNamesLength) {
    for (const char* region : {"us-east-1", "ap-southeast-2", "us-isof-south-1"}) {
        ASSERT_TRUE(is_region(region)) << region;
        for (const Certificate& certificate : chain(issue_time, module, region))
            EXPECT_LE(certificate.common_name().size(), 64u);
    }
    for (const char* region : {"", "US-EAST-1", "us east", "a-region-of-16ch", "eu.west"})
        EXPECT_FALSE(is_region(region)) << region;
}

TEST_F(CertificateAuthorityTest, TheInstanceIdOfARootIsStable) {
    const Certificate& root = authority_.root();
    EXPECT_TRUE(is_instance_id(mock_instance_id(root)));
    EXPECT_EQ(mock_instance_id(root), mock_instance_id(root));
    EXPECT_NE(mock_instance_id(root), mock_instance_id(make_mock_root(random_).certificate));
}

}  // namespace
}  // namespace glovebox::nsm
