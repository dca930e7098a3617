// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/allowlist_check.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/address/proxy_error.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::vsock_proxy {
namespace {

using testing::HasSubstr;

class AllowlistCheck : public ::testing::Test {
  protected:
    // What is logged of the match, or the sentence of the refusal.
    std::string check(const std::string& text, const std::string& remote = "kms.example.com",
                      core::TcpPort port = 443) {
        const std::string file = directory_ + "/vsock-proxy.yaml";
        std::ofstream(file) << text;
        const auto look_up = [](const std::string& host) -> Result<std::vector<core::IpAddress>> {
            if (host == "kms.example.com" || host == "alias.example.com")
                return std::vector{core::parse_ip_address("192.0.2.7").value()};
            if (const auto address = core::parse_ip_address(host))
                return std::vector{*address};
            return Error(core::ProxyError::name_unknown, "DNS lookup failed!");
        };
        const auto matched = check_allowlist(file, remote, port, look_up);
        return matched ? *matched : matched.error().message;
    }

    TemporaryDirectory temporary_;
    std::string directory_ = temporary_.path();
};

TEST_F(AllowlistCheck, MatchesByNameAndPort) {
    EXPECT_EQ(check("allowlist:\n- {address: kms.example.com, port: 443}\n"),
              "Matched with host name \"kms.example.com\" and port \"443\"");
}

TEST_F(AllowlistCheck, MatchesWhatHasTheRemotesFirstAddress) {
    const std::string matched = "Matched with host IP \"192.0.2.7\" and port \"443\"";
    EXPECT_EQ(check("allowlist:\n- {address: 192.0.2.7, port: 443}\n"), matched);
    EXPECT_EQ(check("allowlist:\n- {address: gone.example.com, port: 443}\n"
                    "- {address: alias.example.com, port: 443}\n"),
              matched);
}

TEST_F(AllowlistCheck, CutsPortsToSixteenBits) {
    EXPECT_EQ(check("allowlist:\n- {address: kms.example.com, port: 65979}\n"),
              "Matched with host name \"kms.example.com\" and port \"443\"");
}

TEST_F(AllowlistCheck, ReadsNothingBehindTheMatch) {
    EXPECT_EQ(check("allowlist:\n- {address: kms.example.com, port: 443}\n- {port: 1}\n"),
              "Matched with host name \"kms.example.com\" and port \"443\"");
    EXPECT_EQ(check("allowlist:\n- {port: 1}\n- {address: kms.example.com, port: 443}\n"),
              "No address field");
}

TEST_F(AllowlistCheck, ReadsNoMoreThanItsBudget) {
    std::string text = "allowlist:\n- &a {address: kms.example.com, port: 443}\n";
    for (char name = 'b'; name <= 'j'; ++name)
        text += fmt::format("- &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", name,
                            static_cast<char>(name - 1));
    EXPECT_THAT(check(text),
                HasSubstr("vsock-proxy.yaml:7:19: the YAML has more than 100000 nodes"));
    EXPECT_THAT(check(std::string(2'000'000, '#')),
                HasSubstr("vsock-proxy.yaml has more than 1048576 bytes"));
}

TEST_F(AllowlistCheck, RefusesInTheSentencesOfAws) {
    const std::string refused = "The given address and port are not allowed";
    EXPECT_EQ(check("allowlist:\n- {address: kms.example.com, port: 444}\n"), refused);
    EXPECT_EQ(check("allowlist:\n- {address: '*.example.com', port: 443}\n"), refused);
    EXPECT_EQ(check("allowlist: []\n"), refused);
    EXPECT_EQ(check("allowlist:\n- {address: kms.example.com, port: '443'}\n"),
              "No port field or invalid type");
    EXPECT_EQ(check("allowlist:\n- {address: 12, port: 443}\n"), "No address field");
    EXPECT_EQ(check("other: 1\n"), "No allowlist field");
    EXPECT_EQ(check("allowlist: ["), "Bad yaml format");
    EXPECT_EQ(check("allowlist:\n- {address: gone.example.com, port: 443}\n", "gone.example.com"),
              "DNS lookup failed!");
    EXPECT_EQ(check_allowlist(directory_ + "/none", "kms.example.com", 443, {}).error().message,
              "Could not open the file");
}

// yaml-rust2's types of scalars, which are YAML 1.2's.
TEST_F(AllowlistCheck, ReadsScalarsAsAwsDoes) {
    const std::string matched = "Matched with host name \"kms.example.com\" and port \"443\"";
    const auto with_port = [&](std::string_view port) {
        return check(fmt::format("allowlist:\n- {{address: kms.example.com, port: {}}}\n", port));
    };
    for (const auto* port : {"443", "0443", "+443", "0x1bb", "0o673"})
        EXPECT_EQ(with_port(port), matched) << port;
    EXPECT_EQ(with_port("0673"), "The given address and port are not allowed");
    for (const auto* port : {"443.0", "4e2", "0x", "0o8", "+", "443 tcp"})
        EXPECT_EQ(with_port(port), "No port field or invalid type") << port;
    const auto with_address = [&](std::string_view address) {
        return check(
            fmt::format("allowlist:\n- {{address: {}, port: 1}}\n"
                        "- {{address: kms.example.com, port: 443}}\n",
                        address));
    };
    for (const auto* address : {"1.5", "1e3", ".inf", "true", "false", "null", "~", "12", "0x1f"})
        EXPECT_EQ(with_address(address), "No address field") << address;
    for (const auto* address : {"'1.5'", "\"true\"", "192.0.2.7", "True.example.com", "1e3.com"})
        EXPECT_EQ(with_address(address), matched) << address;
}

TEST_F(AllowlistCheck, AnEmptyFileIsRefusedWhereAwsPanics) {
    EXPECT_EQ(check(""), "Bad yaml format");
}

}  // namespace
}  // namespace glovebox::vsock_proxy
