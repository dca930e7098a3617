// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/named_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

Result<Certificate> no_mock_root() {
    return invalid_input("no mock root was made");
}

class NamedRootTest : public testing::Test {
  protected:
    [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
        const std::string path = directory_.path() + "/" + name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    TemporaryDirectory directory_;
};

TEST_F(NamedRootTest, AwsIsTheRootOfTheCode) {
    const auto root = named_root("aws", no_mock_root).value();
    EXPECT_EQ(root.name(), "aws");
    EXPECT_EQ(root.certificate().der(), TrustRoot::aws().certificate().der());
}

TEST_F(NamedRootTest, MockIsWhatTheCallerReads) {
    EXPECT_EQ(named_root("mock", [] { return Result<Certificate>(TrustRoot::aws().certificate()); })
                  .value()
                  .name(),
              "mock");
    EXPECT_THAT(named_root("mock", no_mock_root).error().message,
                HasSubstr("no mock root was made"));
}

TEST_F(NamedRootTest, AFileIsPemOrDer) {
    const Certificate aws = TrustRoot::aws().certificate();
    const std::string der = file("root.der", std::string(as_text(aws.der())));
    const auto root = named_root(der, no_mock_root).value();
    EXPECT_EQ(root.name(), der);
    EXPECT_EQ(root.certificate().der(), aws.der());
    EXPECT_EQ(named_root(file("root.pem", aws.to_pem()), no_mock_root).value().certificate().der(),
              aws.der());
}

TEST_F(NamedRootTest, AnErrorNamesTheRootAndWhatWasExpected) {
    const std::string text = file("text", "no certificate");
    EXPECT_THAT(named_root(text, no_mock_root).error().message,
                testing::AllOf(HasSubstr(text), HasSubstr("PEM or DER was expected")));
    EXPECT_THAT(named_root(text + "-absent", no_mock_root).error().message,
                HasSubstr("the root: cannot open"));
}

}  // namespace
}  // namespace glovebox::nsm
