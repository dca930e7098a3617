// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/scene.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/system/errc.hpp>

#include "core/base/base64.h"
#include "sim/kms/testing/empty_store.h"

namespace glovebox::kms {
namespace {

using ::testing::HasSubstr;

Result<Scene> parsed_scene(std::string_view text, const SceneOverrides& overrides = {}) {
    const auto nothing_beside = [](const std::string& name) -> Result<std::string> {
        return Error(make_error_code(boost::system::errc::no_such_file_or_directory), name);
    };
    return parse_scene(text, "keys.yaml", {nothing_beside, {}}, overrides);
}

TEST(Scene, PoliciesHaveVariablesOfTheEnvironment) {
    constexpr std::string_view text = R"(
keys:
- alias: alias/app
  policy: {Statement: [{Effect: Allow, Principal: "*", Action: "kms:*", Resource: "${WHAT}"}]}
)";
    const SceneSources sources{{}, [](const std::string& name) -> std::optional<std::string> {
                                   return "the value of " + name;
                               }};
    EXPECT_THAT(parse_scene(text, "keys.yaml", sources).value().keys.front().policy,
                HasSubstr("the value of WHAT"));
    EXPECT_THAT(parse_scene(text, "keys.yaml", {}).error().message,
                HasSubstr("keys.yaml:4:11: policy: ${WHAT} has no value"));
}

TEST(Scene, APolicyFileIsJsonOrYaml) {
    constexpr std::string_view yaml =
        "Statement:\n- {Effect: Allow, Principal: \"*\", Action: \"kms:*\", Resource: \"*\"}\n";
    const std::string json = parse_policy_file(yaml, "p.yaml", {}).value();
    EXPECT_THAT(json, HasSubstr(R"("Action": "kms:*")"));
    EXPECT_EQ(parse_policy_file(json, "p.json", {}).value(), json);
    EXPECT_THAT(parse_policy_file("keys: []", "keys.yaml", {}).error().message,
                HasSubstr("keys.yaml: this is a scene"));
    EXPECT_THAT(parse_policy_file("{\"a\":", "p.json", {}).error().message, HasSubstr("p.json"));
}

TEST(Scene, ItsUsersAreOfItsAccountAndPartition) {
    const Scene scene =
        parsed_scene("account: '222233334444'\nregion: cn-north-1\nusers: {alice: {}}\n").value();
    EXPECT_EQ(scene.entities.at(0).arn, "arn:aws-cn:iam::222233334444:user/alice");
}

TEST(Scene, WhereTheAccountOrTheRegionIsGivenFromOutsideItsUsersAreOfThat) {
    const std::string_view text = "account: '222233334444'\nusers: {alice: {}}\nroles: {app: {}}\n";
    const Scene moved = parsed_scene(text, {"333344445555", "us-gov-west-1"}).value();
    EXPECT_EQ(moved.account, "333344445555");
    EXPECT_EQ(moved.region, "us-gov-west-1");
    EXPECT_EQ(moved.entities.at(0).arn, "arn:aws-us-gov:iam::333344445555:user/alice");
    EXPECT_EQ(moved.entities.at(1).arn, "arn:aws-us-gov:iam::333344445555:role/app");
    const Scene elsewhere = parsed_scene(text, {"", "cn-north-1"}).value();
    EXPECT_EQ(elsewhere.entities.at(0).arn, "arn:aws-cn:iam::222233334444:user/alice");
}

TEST(Scene, TwoUsersCannotHaveOneAccessKeyId) {
    const auto scene = parsed_scene(
        "users:\n"
        "  alice: {access_key_id: AKIA1, secret_access_key: a}\n"
        "  bob: {access_key_id: AKIA1, secret_access_key: b}\n");
    ASSERT_FALSE(scene);
    EXPECT_EQ(scene.error().message, "keys.yaml:3:24: access_key_id: another user has it");
}

TEST(Scene, AMistakeInTheFileIsOneThoughSomethingElseIsGivenFromOutside) {
    EXPECT_EQ(
        parsed_scene("account: 5\n", {"333344445555", ""}).error().message,
        "keys.yaml:1:10: account: 12 digits were expected, in quotes where they begin with 0");
}

TEST(Scene, AMistakeIsNotedOnceWhateverFollowsFromIt) {
    const auto mistake = [](const std::string& text) {
        const auto scene = parsed_scene(text);
        return scene ? std::string() : scene.error().message;
    };
    EXPECT_EQ(mistake("keys: [{alais: alias/a}]\n"),
              "keys.yaml:1:9: \"alais\" is not known here: did you mean alias?");
    EXPECT_EQ(mistake("keys: [{alias: alias/a, spce: RSA_2048, usage: SIGN_VERIFY}]\n"),
              "keys.yaml:1:25: \"spce\" is not known here: did you mean spec?");
    EXPECT_EQ(mistake("keys: [{alias: alias/a, spec: RSA_204, usage: SIGN_VERIFY}]\n"),
              "keys.yaml:1:31: spec: \"RSA_204\" is not a key spec of this KMS");
    EXPECT_EQ(mistake("keys: [{alias: alias/a, spec: RSA_2048, usge: SIGN_VERIFY}]\n"),
              "keys.yaml:1:41: \"usge\" is not known here: did you mean usage?");
    EXPECT_EQ(mistake("users: {a: {access_key_id: AKIA, secret_acess_key: x}}\n"),
              "keys.yaml:1:34: \"secret_acess_key\" is not known here: did you mean "
              "secret_access_key?");
    EXPECT_EQ(mistake("users: {a: {policies: [{name: p, polcy: {}}]}}\n"),
              "keys.yaml:1:34: \"polcy\" is not known here: did you mean policy?");
    EXPECT_EQ(
        mistake("users: {a: {access_key_id: AKIA}}\n"),
        "keys.yaml:1:12: secret_access_key: missing: an access_key_id and a secret_access_key "
        "belong together");
}

TEST(Scene, APolicyNamesOnlyUsersAndRolesThatExist) {
    const std::string key = R"(
keys:
- alias: alias/app
  policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/bob"},
                       Action: "kms:*", Resource: "*"}]}
)";
    EXPECT_THAT(parse_scene("users: {alice: {}}" + key, "s.yaml", {}).error().message,
                HasSubstr("s.yaml:4:11: policy: arn:aws:iam::111122223333:user/bob is neither "
                          "among users nor among roles"));
    EXPECT_TRUE(parse_scene("users: {bob: {}}" + key, "s.yaml", {}));
    EXPECT_TRUE(parse_scene(key, "s.yaml", {}));
}

TEST(Scene, HasValuesOfConditionKeysAndTags) {
    const Scene scene = parse_scene(R"(
context: {"aws:PrincipalOrgID": o-1, "aws:SourceVpc": null, "aws:PrincipalOrgPaths": [a, b]}
roles: {parent: {tags: {team: ops}}}
)",
                                    "s.yaml", {})
                            .value();
    EXPECT_EQ(scene.context.find("aws:principalorgid")->values, std::vector<std::string>{"o-1"});
    EXPECT_EQ(scene.context.find("aws:PrincipalOrgPaths")->values.size(), 2u);
    EXPECT_EQ(scene.context.find("aws:SourceVpc"), nullptr);
    EXPECT_TRUE(scene.context.mentions("aws:SourceVpc"));
    EXPECT_FALSE(scene.context.mentions("aws:SourceVpce"));
    EXPECT_EQ(scene.entities.front().tags.at("team"), "ops");
    EXPECT_THAT(parse_scene("context: {\"aws:PrincipalOrg\": x}", "s.yaml", {}).error().message,
                HasSubstr("neither IAM nor KMS has a condition key aws:PrincipalOrg"));
    // What a request shows cannot be claimed.
    for (const std::string key :
         {"kms:RecipientAttestation:PCR0", "kms:recipientattestation:imagesha384", "aws:SourceIp",
          "aws:PrincipalArn", "kms:EncryptionContext:a"})
        EXPECT_THAT(parsed_scene("context: {\"" + key + "\": x}\n").error().message,
                    HasSubstr("keys.yaml:1:10: context: " + key + " is set from each request"));
}

TEST(Scene, TwoKeysMayHaveTheSameMaterial) {
    const std::string material = to_base64(Bytes(32, 7));
    const Scene scene = parsed_scene("keys:\n- {alias: alias/a, material: " + material +
                                     "}\n- {alias: alias/b, material: " + material + "}\n")
                            .value();
    SystemRandom random;
    const auto made = [&](std::string_view alias) {
        const auto keys = empty_store();
        EXPECT_TRUE(apply(scene, *keys, TimePoint(), random));
        const auto found = keys->find_alias(alias).value();
        return found ? keys->find(found->key_id).value() : std::nullopt;
    };
    ASSERT_TRUE(made("alias/a") && made("alias/b"));
    EXPECT_EQ(made("alias/b")->material, Bytes(32, 7));
    EXPECT_NE(made("alias/a")->material_id, made("alias/b")->material_id);
    // Another KMS with the scene knows the ciphertexts of this one.
    EXPECT_EQ(made("alias/b")->material_id, made("alias/b")->material_id);
}

}  // namespace
}  // namespace glovebox::kms
