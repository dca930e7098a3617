// SPDX-License-Identifier: Apache-2.0

// The mock certificates beside AWS's, field by field: what may differ are names, keys, numbers and
// addresses, not their forms.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <fmt/core.h>

#include <set>

#include "nsm-mock/testing/mock_module.h"
#include "nsm-mock/testing/vectors.h"

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;

std::vector<Certificate> chain_of(const AttestationDocument& document) {
    std::vector<Certificate> chain;
    for (const Bytes& der : document.cabundle)
        chain.push_back(Certificate::from_der(der).value());
    chain.push_back(Certificate::from_der(document.certificate).value());
    return chain;
}

// "C:19 O:12 ...": each attribute with its ASN.1 string type, in the order of the encoding.
std::string name_form(const X509_NAME* name) {
    std::string form;
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        form += fmt::format("{}:{}/{} ", OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))),
                            ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)),
                            X509_NAME_ENTRY_set(entry));
    }
    return form;
}

// Country, state and locality: the values that the mock shares.
std::string places(const X509_NAME* name) {
    std::string text;
    for (const int nid : {NID_countryName, NID_stateOrProvinceName, NID_localityName}) {
        const int index = X509_NAME_get_index_by_NID(name, nid, -1);
        if (index < 0)
            continue;
        const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
        text += std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                            static_cast<std::size_t>(ASN1_STRING_length(value))) +
                " ";
    }
    return text;
}

// Each extension's name and criticality, in order; the content too where it is the profile's.
std::string extensions_form(const X509* certificate) {
    std::string form;
    for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
        X509_EXTENSION* extension = X509_get_ext(certificate, i);
        const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(extension);
        const BytesView bytes(ASN1_STRING_get0_data(data),
                              static_cast<std::size_t>(ASN1_STRING_length(data)));
        form += fmt::format("{}{}", OBJ_nid2sn(nid),
                            X509_EXTENSION_get_critical(extension) != 0 ? "!" : "");
        if (nid == NID_basic_constraints || nid == NID_key_usage)
            form += "=" + to_hex(bytes);
        else if (nid != NID_crl_distribution_points)
            form += fmt::format("[{}] {}", bytes.size(),
                                to_hex(bytes.first(nid == NID_subject_key_identifier ? 2 : 4)));
        form += " ";
    }
    return form;
}

int serial_bits(const X509* certificate) {
    const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
    return BN_num_bits(number.get());
}

class AwsProfiles : public ::testing::Test {
  protected:
    void SetUp() override {
        if (test::document_vectors().empty())
            GTEST_SKIP() << no_test_vectors;
    }
};

TEST_F(AwsProfiles, TheMocksCertificatesHaveTheFormsOfAwss) {
    test::MockModule module;
    const std::vector<Certificate> mock = chain_of(module.document());
    for (const test::DocumentVector& vector : test::document_vectors()) {
        const std::vector<Certificate> real = chain_of(test::claims_of(vector.bytes));
        ASSERT_EQ(real.size(), mock.size());
        // Before 2024 the instance certificate had no key identifiers; the mock follows the newer.
        const bool older = vector.name < "2024";
        for (std::size_t i = 0; i < real.size(); ++i) {
            SCOPED_TRACE(fmt::format("{}, certificate {}", vector.name, i));
            const X509* ours = mock[i].get();
            const X509* theirs = real[i].get();
            EXPECT_EQ(X509_get_version(ours), X509_get_version(theirs));
            EXPECT_EQ(name_form(X509_get_subject_name(ours)),
                      name_form(X509_get_subject_name(theirs)));
            EXPECT_EQ(name_form(X509_get_issuer_name(ours)),
                      name_form(X509_get_issuer_name(theirs)));
            EXPECT_EQ(places(X509_get_subject_name(ours)), places(X509_get_subject_name(theirs)));
            EXPECT_EQ(X509_get_signature_nid(ours), X509_get_signature_nid(theirs));
            EXPECT_EQ(ASN1_STRING_type(X509_get0_notAfter(ours)),
                      ASN1_STRING_type(X509_get0_notAfter(theirs)));
            EXPECT_TRUE(is_p384(real[i].public_key()));
            if (!(older && i == 3)) {
                EXPECT_EQ(extensions_form(ours), extensions_form(theirs));
            }
            // Serial numbers of the same width: 128 bits, 160 for the instance; the first bits may
            // be zero.
            EXPECT_NEAR(serial_bits(ours), serial_bits(theirs), 12);
        }
    }
}

TEST_F(AwsProfiles, LifetimesAreThose) {
    test::MockModule module;
    const std::vector<Certificate> mock = chain_of(module.document());
    const auto lifetime = [](const Certificate& certificate) {
        return certificate.not_after() - certificate.not_before();
    };
    for (const test::DocumentVector& vector : test::document_vectors()) {
        SCOPED_TRACE(vector.name);
        const std::vector<Certificate> real = chain_of(test::claims_of(vector.bytes));
        EXPECT_EQ(mock[0].not_before(), real[0].not_before());
        EXPECT_EQ(mock[0].not_after(), real[0].not_after());
        // Some of AWS's are a second shorter.
        EXPECT_NEAR(static_cast<double>(lifetime(real[1]).count()),
                    static_cast<double>(lifetime(mock[1]).count()), 1000);
        EXPECT_GE(lifetime(real[2]), 134h - 1s);
        EXPECT_LE(lifetime(real[2]), 141h);
        EXPECT_EQ(lifetime(real[3]), lifetime(mock[3]));
        if (vector.name > "2022") {
            EXPECT_EQ(lifetime(real[4]), lifetime(mock[4]));
        }
        // Each lies within its issuer's time, as the mock's do.
        for (std::size_t i = 1; i < real.size(); ++i) {
            EXPECT_GE(real[i].not_before(), real[i - 1].not_before()) << i;
            EXPECT_LE(real[i].not_after(), real[i - 1].not_after()) << i;
        }
    }
}

TEST_F(AwsProfiles, TheLeafsSerialIsTheEnclaveIdAndTheSecondOfIssue) {
    for (const test::DocumentVector& vector : test::document_vectors()) {
        SCOPED_TRACE(vector.name);
        const AttestationDocument document = test::claims_of(vector.bytes);
        const ModuleId id = parse_module_id(document.module_id).value();
        const Certificate leaf = chain_of(document).back();
        const BignumPtr serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.get()), nullptr));
        Bytes bytes(16);
        ASSERT_EQ(BN_bn2binpad(serial.get(), bytes.data(), 16), 16);
        EXPECT_EQ(to_hex(BytesView(bytes).first(8)), to_hex(id.enclave_id));
        const auto issued = std::chrono::duration_cast<std::chrono::seconds>(
            (leaf.not_after() - 3h).time_since_epoch());
        EXPECT_EQ(to_hex(BytesView(bytes).subspan(8)), fmt::format("{:016x}", issued.count()));
        EXPECT_THAT(leaf.common_name(), testing::StartsWith(document.module_id + "."));
    }
}

TEST_F(AwsProfiles, DocumentsHaveAboutTheSizeOfTheRealOnes) {
    MockNsmConfig config = test::module_config();
    config.region = "ap-south-1";
    test::MockModule module(config);
    for (const test::DocumentVector& vector : test::document_vectors()) {
        if (vector.name < "2024")
            continue;
        const AttestationDocument real = test::claims_of(vector.bytes);
        const std::size_t ours =
            module.client.attest({real.user_data, real.nonce, real.public_key})->size();
        EXPECT_NEAR(static_cast<double>(ours), static_cast<double>(vector.bytes.size()), 120)
            << vector.name;
    }
}

}  // namespace
}  // namespace glovebox::nsm
