// SPDX-License-Identifier: Apache-2.0

// Grants: whom they allow what, under which constraints, and who ends them.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;

constexpr auto other = "arn:aws:iam::111122223333:user/other";
// Lets the tester make and end grants and nobody use the key.
constexpr auto admin_policy = R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/admin"},
     "Action": "kms:*", "Resource": "*"}]})";

class Grants : public ::testing::Test {
  protected:
    // The tester is not the admin, who makes a grant for the tester directly in the store.
    Grants() { EXPECT_TRUE(kms_.keys->set_policy(key_, admin_policy)); }

    policy::Grant grant(std::vector<std::string> operations) {
        policy::Grant made;
        made.id = fmt::format("{:064x}", 0xa0000 + count_++);
        made.key_id = key_;
        made.created = kms_.clock.now();
        made.grantee = InMemoryKms::tester;
        made.issuing_account = InMemoryKms::account;
        made.operations = std::move(operations);
        return made;
    }
    // 2000 for the tester, none of which allows a request without their encryption contexts.
    void add_many() {
        auto transaction = kms_.keys->begin();
        ASSERT_TRUE(transaction);
        for (int i = 0; i < 2000; ++i) {
            auto made = grant({"Encrypt"});
            made.id = fmt::format("{:064x}", i);
            made.context_equals = policy::Grant::Pairs{{"number", std::to_string(i)}};
            add(made);
        }
        ASSERT_TRUE(transaction->commit());
    }
    void add(const policy::Grant& made) { EXPECT_TRUE(kms_.keys->grants().add(made, Bytes(32))); }
    Outcome encrypt(json::object context) {
        return kms_.ask(
            "Encrypt",
            {{"KeyId", key_}, {"Plaintext", "AAAA"}, {"EncryptionContext", std::move(context)}});
    }

    InMemoryKms kms_;
    std::string key_ = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    int count_ = 0;
};

TEST_F(Grants, AllowTheirGranteeTheirOperations) {
    EXPECT_EQ(encrypt({}).exception, "AccessDeniedException");
    add(grant({"Encrypt"}));
    EXPECT_EQ(encrypt({}).exception, "");
    EXPECT_EQ(kms_.ask("DescribeKey", {{"KeyId", key_}}).exception, "AccessDeniedException");
    auto for_other = grant({"DescribeKey"});
    for_other.grantee = other;
    add(for_other);
    EXPECT_EQ(kms_.ask("DescribeKey", {{"KeyId", key_}}).exception, "AccessDeniedException");
}

TEST_F(Grants, AnExplicitDenyWins) {
    add(grant({"Encrypt"}));
    EXPECT_TRUE(kms_.keys->set_policy(key_, R"({"Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "kms:Encrypt", "Resource": "*"}]})"));
    EXPECT_THAT(encrypt({}).message, HasSubstr("with an explicit deny in a resource-based policy"));
}

TEST_F(Grants, AConstraintThatIsEqualNeedsTheSameContext) {
    auto made = grant({"Encrypt"});
    made.context_equals = policy::Grant::Pairs{{"App", "demo"}};
    made.name = "equal";
    add(made);
    EXPECT_EQ(encrypt({{"App", "demo"}}).exception, "");
    for (const json::object& context :
         {json::object{}, json::object{{"App", "Demo"}}, json::object{{"app", "demo"}},
          json::object{{"App", "demo"}, {"more", "x"}}}) {
        const Outcome refused = encrypt(context);
        EXPECT_EQ(refused.exception, "AccessDeniedException");
        EXPECT_THAT(refused.explanation, HasSubstr("grant \"equal\" would allow it, but its "
                                                   "constraint EncryptionContextEquals is "
                                                   "{App=demo}"));
    }
}

TEST_F(Grants, AConstraintThatIsASubsetNeedsItsPairs) {
    auto made = grant({"Encrypt", "DescribeKey"});
    made.context_subset = policy::Grant::Pairs{{"App", "demo"}};
    add(made);
    EXPECT_EQ(encrypt({{"App", "demo"}, {"more", "x"}}).exception, "");
    EXPECT_EQ(encrypt({{"more", "x"}}).exception, "AccessDeniedException");
    // DescribeKey takes no encryption context.
    EXPECT_EQ(kms_.ask("DescribeKey", {{"KeyId", key_}}).exception, "");
}

TEST_F(Grants, OneAmongThousandsIsFound) {
    add_many();
    EXPECT_EQ(encrypt({{"number", "1999"}}).exception, "");
    EXPECT_EQ(encrypt({}).exception, "AccessDeniedException");
    auto last = grant({"DescribeKey", "Encrypt"});
    last.id = std::string(64, 'f');
    add(last);
    EXPECT_EQ(encrypt({}).exception, "");
    EXPECT_EQ(kms_.ask("DescribeKey", {{"KeyId", key_}}).exception, "");
}

TEST_F(Grants, AnExplanationNamesTheFirstOfThousands) {
    add_many();
    const std::string explanation = encrypt({}).explanation;
    int named = 0;
    for (std::size_t at = 0; (at = explanation.find("would allow it", at)) != std::string::npos;
         ++at)
        ++named;
    EXPECT_EQ(named, 10) << explanation;
}

TEST_F(Grants, OneThatMayMakeGrantsPassesOnNoMoreThanItHas) {
    auto made = grant({"CreateGrant", "Decrypt"});
    made.context_subset = policy::Grant::Pairs{{"App", "demo"}};
    add(made);
    const auto create = [&](json::array operations, std::string_view type, json::object context) {
        return kms_
            .ask("CreateGrant", {{"KeyId", key_},
                                 {"GranteePrincipal", other},
                                 {"Operations", std::move(operations)},
                                 {"Constraints", json::object{{type, std::move(context)}}}})
            .explanation;
    };
    EXPECT_EQ(create({"Decrypt"}, "EncryptionContextSubset", {{"App", "demo"}, {"b", "c"}}), "");
    EXPECT_EQ(create({"Decrypt"}, "EncryptionContextEquals", {{"App", "demo"}}), "");
    EXPECT_THAT(create({"Encrypt"}, "EncryptionContextSubset", {{"App", "demo"}}),
                HasSubstr("it cannot pass on Encrypt"));
    EXPECT_THAT(create({"Decrypt"}, "EncryptionContextSubset", {{"b", "c"}}),
                HasSubstr("weaker constraint"));
}

TEST_F(Grants, AreRetiredByTheRetiringPrincipalOrAGranteeWhoMay) {
    const auto retire = [&](const policy::Grant& one) {
        add(one);
        return kms_.ask("RetireGrant", {{"KeyId", key_}, {"GrantId", one.id}}).exception;
    };
    EXPECT_EQ(retire(grant({"Decrypt"})), "AccessDeniedException");
    EXPECT_EQ(retire(grant({"Decrypt", "RetireGrant"})), "");
    auto for_other = grant({"Decrypt"});
    for_other.grantee = other;
    EXPECT_EQ(retire(for_other), "AccessDeniedException");
    for_other = grant({"Decrypt"});
    for_other.grantee = other;
    for_other.retiring = InMemoryKms::tester;
    EXPECT_EQ(kms_.ask("ListRetirableGrants", {{"RetiringPrincipal", InMemoryKms::tester}})
                  .output.at("Grants")
                  .as_array()
                  .size(),
              0u);
    EXPECT_EQ(retire(for_other), "");
    EXPECT_EQ(kms_.ask("RetireGrant", {{"GrantToken", "AAAA"}}).exception,
              "InvalidGrantTokenException");
}

TEST_F(Grants, AreNotRetiredByWhomOnlyAPolicyAllows) {
    EXPECT_TRUE(kms_.keys->set_policy(key_, R"({"Statement": [{"Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:user/tester"}, "Action": "kms:*",
        "Resource": "*"}]})"));
    auto for_other = grant({"Decrypt"});
    for_other.grantee = other;
    add(for_other);
    const json::object input{{"KeyId", key_}, {"GrantId", for_other.id}};
    const Outcome refused = kms_.ask("RetireGrant", input);
    EXPECT_EQ(refused.exception, "AccessDeniedException");
    EXPECT_THAT(refused.explanation, HasSubstr("only the grant allows RetireGrant"));
    // A policy can still deny it.
    auto mine = grant({"Decrypt"});
    mine.retiring = InMemoryKms::tester;
    add(mine);
    EXPECT_TRUE(kms_.keys->set_policy(key_, R"({"Statement": [{"Effect": "Deny",
        "Principal": "*", "Action": "kms:RetireGrant", "Resource": "*"}]})"));
    EXPECT_THAT(kms_.ask("RetireGrant", {{"KeyId", key_}, {"GrantId", mine.id}}).message,
                HasSubstr("with an explicit deny in a resource-based policy"));
}

TEST(GrantsOfAnAccount, AreRetiredByItsRootUser) {
    InMemoryKms kms(iam::parse_principal("arn:aws:iam::111122223333:root").value());
    const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const Outcome made = kms.ask(
        "CreateGrant",
        {{"KeyId", key}, {"GranteePrincipal", other}, {"Operations", json::array{"Decrypt"}}});
    const Outcome retired =
        kms.ask("RetireGrant", {{"KeyId", key}, {"GrantId", made.text("GrantId")}});
    EXPECT_EQ(retired.exception, "") << retired.message;
}

class GrantOperations : public ::testing::Test {
  protected:
    [[nodiscard]] json::object wanted() const {
        return {
            {"KeyId", key_},
            {"GranteePrincipal", other},
            {"RetiringPrincipal", InMemoryKms::tester},
            {"Operations", json::array{"Decrypt", "Encrypt"}},
            {"Name", "mine"},
            {"Constraints", json::object{{"EncryptionContextSubset", json::object{{"a", "b"}}}}}};
    }
    [[nodiscard]] json::array list(const json::object& more = {}) {
        json::object input = more;
        input["KeyId"] = key_;
        return kms_.ask("ListGrants", input).output.at("Grants").as_array();
    }

    InMemoryKms kms_;
    std::string key_ = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
};

TEST_F(GrantOperations, AreMadeListedAndRevoked) {
    json::object input = wanted();
    input["DryRun"] = true;
    EXPECT_EQ(kms_.ask("CreateGrant", input).exception, "DryRunOperationException");
    EXPECT_TRUE(list().empty());
    const Outcome made = kms_.ask("CreateGrant", wanted());
    ASSERT_EQ(made.exception, "") << made.message;
    EXPECT_EQ(made.text("GrantId").size(), 64u);
    // A retry with the same name and all else alike makes no second one, but a second token.
    const Outcome again = kms_.ask("CreateGrant", wanted());
    EXPECT_EQ(again.text("GrantId"), made.text("GrantId"));
    EXPECT_NE(again.text("GrantToken"), made.text("GrantToken"));
    ASSERT_EQ(list().size(), 1u);
    const json::object entry = list().at(0).as_object();
    EXPECT_EQ(entry.at("KeyId"), json::string(kms_.arn(key_)));
    EXPECT_EQ(entry.at("GranteePrincipal"), other);
    EXPECT_EQ(entry.at("IssuingAccount"), "arn:aws:iam::111122223333:root");
    EXPECT_EQ(entry.at("Constraints").at("EncryptionContextSubset").at("a"), "b");
    EXPECT_TRUE(list({{"GranteePrincipal", InMemoryKms::tester}}).empty());
    EXPECT_EQ(list({{"GrantId", made.text("GrantId")}}).size(), 1u);
    EXPECT_EQ(kms_.ask("ListRetirableGrants", {{"RetiringPrincipal", InMemoryKms::tester}})
                  .output.at("Grants")
                  .as_array()
                  .size(),
              1u);
    // Each of its tokens is one that requests may have.
    const auto with_token = [&](const std::string& token) {
        return kms_
            .ask("Encrypt",
                 {{"KeyId", key_}, {"Plaintext", "AAAA"}, {"GrantTokens", json::array{token}}})
            .exception;
    };
    EXPECT_EQ(with_token(made.text("GrantToken")), "");
    EXPECT_EQ(with_token(again.text("GrantToken")), "");
    EXPECT_EQ(with_token("nobody's"), "InvalidGrantTokenException");
    std::string changed = again.text("GrantToken");
    changed[100] = changed[100] == 'A' ? 'B' : 'A';
    EXPECT_EQ(with_token(changed), "InvalidGrantTokenException");
    EXPECT_EQ(kms_.ask("RetireGrant", {{"GrantToken", made.text("GrantToken")}}).exception, "");
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(with_token(again.text("GrantToken")), "InvalidGrantTokenException");
    const std::string second = kms_.ask("CreateGrant", wanted()).text("GrantId");
    EXPECT_EQ(kms_.ask("RevokeGrant", {{"KeyId", key_}, {"GrantId", second}}).exception, "");
    EXPECT_EQ(kms_.ask("RevokeGrant", {{"KeyId", key_}, {"GrantId", second}}).exception,
              "NotFoundException");
}

TEST_F(GrantOperations, AreListedByTheirIdWhereverTheyAre) {
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) {
        json::object input = wanted();
        input["Name"] = "grant-" + std::to_string(i);
        ids.push_back(kms_.ask("CreateGrant", input).text("GrantId"));
    }
    for (const std::string& id : ids) {
        const Outcome listed =
            kms_.ask("ListGrants", {{"KeyId", key_}, {"GrantId", id}, {"Limit", 1}});
        const json::array& found = listed.output.at("Grants").as_array();
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found.at(0).at("GrantId"), json::string(id));
        EXPECT_EQ(listed.output.at("Truncated"), false);
    }
}

TEST_F(GrantOperations, AServiceIsAPrincipal) {
    json::object input = wanted();
    for (const auto* member : {"GranteePrincipal", "RetiringPrincipal"})
        input[member] = "dynamodb.us-west-1.amazonaws.com";
    EXPECT_EQ(kms_.ask("CreateGrant", input).exception, "");
    const auto listed = kms_.ask("ListRetirableGrants",
                                 {{"RetiringPrincipal", "dynamodb.us-west-1.amazonaws.com"}});
    EXPECT_EQ(listed.output.at("Grants").as_array().size(), 1U);
}

TEST_F(GrantOperations, RefuseWhatNoKeyAllows) {
    const auto refused = [&](std::string_view member, json::value value) {
        json::object input = wanted();
        input[member] = std::move(value);
        return kms_.ask("CreateGrant", input).exception;
    };
    EXPECT_EQ(refused("GranteePrincipal", "nobody"), "InvalidArnException");
    EXPECT_EQ(refused("GranteePrincipal", "arn:aws:iam::111122223333:group/g"),
              "InvalidArnException");
    EXPECT_EQ(refused("RetiringPrincipal", "arn:aws:iam::111122223333:policy/p"),
              "InvalidArnException");
    EXPECT_EQ(kms_.ask("ListRetirableGrants", {{"RetiringPrincipal", "junk"}}).exception,
              "InvalidArnException");
    EXPECT_EQ(refused("Operations", json::array{"Sign"}), "ValidationException");
    EXPECT_EQ(refused("Operations", json::array{"CreateKey"}), "ValidationException");
    EXPECT_EQ(refused("Operations", json::array{}), "ValidationException");
    EXPECT_EQ(refused("Operations", nullptr), "ValidationException");
    EXPECT_EQ(refused("Name", "my grant!"), "ValidationException");
    EXPECT_EQ(refused("Constraints", json::object{{"SourceArn", "arn:aws:s3:::b"}}),
              "UnsupportedOperationException");
    for (const auto* type : {"EncryptionContextEquals", "EncryptionContextSubset"}) {
        for (const std::size_t length : {384, 385})
            EXPECT_EQ(refused("Constraints",
                              json::object{{type, json::object{{"a", std::string(length, 'x')}}}}),
                      length == 384 ? "" : "ValidationException");
        json::object pairs;
        for (int i = 0; i < 8; ++i)
            pairs[std::to_string(i)] = "x";
        EXPECT_EQ(refused("Constraints", json::object{{type, pairs}}), "") << type;
        pairs["9"] = "x";
        EXPECT_EQ(refused("Constraints", json::object{{type, pairs}}), "ValidationException");
    }
    EXPECT_EQ(refused("KeyId", json::string(kms_.create_key("HMAC_256", "GENERATE_VERIFY_MAC"))),
              "ValidationException");
    kms_.ask("DisableKey", {{"KeyId", key_}});
    EXPECT_EQ(kms_.ask("CreateGrant", wanted()).exception, "DisabledException");
}

}  // namespace
}  // namespace glovebox::kms::testing
