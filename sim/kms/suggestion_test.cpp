// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/suggestion.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox::kms {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

constexpr std::string_view role = "arn:aws:iam::111122223333:role/parent";
const std::string pcr0 = "kms:RecipientAttestation:PCR0";

// A Decrypt by a session of the role, as the trace has it.
struct Refused {
    std::string statements;
    std::string context = "{}";
    std::string recipient = "verified";
    std::string identity = R"({"Effect":"Allow","Action":"*","Resource":"*"})";

    [[nodiscard]] Result<std::optional<Suggestion>> suggested() const {
        const auto policy = [](std::string_view statement) {
            return json_text(json::value(
                fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statement)));
        };
        const std::string record = fmt::format(
            R"({{"checks":[{{"action":"kms:Decrypt",
            "resource":"arn:aws:kms:us-east-1:111122223333:key/k",
            "account":"111122223333","caller":{{"role":"{}","session":"i-1"}},
            "recipient":"{}","context":{},"grants":[],
            "policies":[{{"name":"the key policy","kind":"key","text":{}}},
                        {{"name":"the IAM policy \"P\"","kind":"identity","text":{}}}]}}]}})",
            role, recipient, context, policy(statements), policy(identity));
        return suggest(read_json(record).value().as_object());
    }
};

std::string statement(std::string_view principal, std::string_view action,
                      std::string_view condition = "{}", std::string_view sid = "S") {
    return fmt::format(
        R"({{"Sid":"{}","Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"{}",
            "Resource":"*","Condition":{}}})",
        sid, principal, action, condition);
}

std::string needs_pcr0(std::string_view value) {
    return fmt::format(R"({{"StringEqualsIgnoreCase":{{"{}":"{}"}}}})", pcr0, value);
}

TEST(Suggestion, SetsAPcrToTheOneThatWasFound) {
    const Refused refused{statement(role, "kms:Decrypt", needs_pcr0("aa")),
                          fmt::format(R"({{"{}":["bb"]}})", pcr0)};
    const auto suggestion = refused.suggested().value();
    ASSERT_TRUE(suggestion);
    EXPECT_EQ(
        suggestion->sentence,
        "In statement \"S\" of the key policy, set StringEqualsIgnoreCase " + pcr0 + " to \"bb\"");
    EXPECT_THAT(suggestion->before, HasSubstr("\"aa\""));
    EXPECT_THAT(suggestion->after, HasSubstr("\"bb\""));
}

TEST(Suggestion, MendsEverythingThatOneStatementLacks) {
    const Refused refused{
        statement("arn:aws:iam::111122223333:role/other", "kms:Encrypt", needs_pcr0("aa")),
        fmt::format(R"({{"{}":["bb"]}})", pcr0)};
    const auto suggestion = refused.suggested().value();
    ASSERT_TRUE(suggestion);
    EXPECT_THAT(suggestion->sentence, HasSubstr("add \"kms:Decrypt\" to its Action"));
    EXPECT_THAT(suggestion->sentence, HasSubstr(fmt::format("add \"{}\" to its Principal", role)));
    EXPECT_THAT(suggestion->sentence, HasSubstr("to \"bb\""));
}

TEST(Suggestion, PrefersTheNearestStatement) {
    const Refused refused{statement(role, "kms:Encrypt", "{}", "Encrypts") + "," +
                              statement(role, "kms:Decrypt", needs_pcr0("aa")),
                          fmt::format(R"({{"{}":["bb"]}})", pcr0)};
    EXPECT_THAT(refused.suggested().value()->sentence, HasSubstr("to \"bb\""));
}

TEST(Suggestion, AsksForARecipientInsteadOfWideningThePolicy) {
    const Refused refused{statement(role, "kms:Encrypt", "{}", "Encrypts") + "," +
                              statement(role, "kms:Decrypt", needs_pcr0("aa")),
                          "{}", "none sent"};
    const auto suggestion = refused.suggested().value();
    ASSERT_TRUE(suggestion);
    EXPECT_THAT(suggestion->sentence, HasSubstr("needs a Recipient"));
    EXPECT_EQ(suggestion->after, "");
}

TEST(Suggestion, NeverAllowsTheZerosOfDebugMode) {
    const Refused refused{statement(role, "kms:Decrypt", needs_pcr0("aa")),
                          fmt::format(R"({{"{}":["0000"]}})", pcr0)};
    const auto suggestion = refused.suggested().value();
    ASSERT_TRUE(suggestion);
    EXPECT_THAT(suggestion->sentence, HasSubstr("without debug mode"));
    EXPECT_EQ(suggestion->after, "");
}

TEST(Suggestion, EditsTheCallersPolicyWhereThatOneIsMissing) {
    const Refused refused{statement("arn:aws:iam::111122223333:root", "kms:*"), "{}", "impossible",
                          R"({"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"})"};
    const auto suggestion = refused.suggested().value();
    ASSERT_TRUE(suggestion);
    EXPECT_EQ(suggestion->policy, "the IAM policy \"P\"");
    EXPECT_THAT(suggestion->sentence, HasSubstr("add \"kms:Decrypt\" to its Action"));
}

TEST(Suggestion, HasNoneAgainstADeny) {
    const std::string deny = R"({"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"})";
    EXPECT_FALSE(Refused{statement(role, "kms:*") + "," + deny}.suggested().value());
}

TEST(Suggestion, HasNoneForWhatIsAllowed) {
    EXPECT_FALSE(Refused{statement(role, "kms:*")}.suggested().value());
}

}  // namespace
}  // namespace glovebox::kms
