// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <set>

#include "core/base/base64.h"
#include "core/base/json_text.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "sim/kms/cipher.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/policy/condition_key.h"
#include "sim/kms/policy/policy.h"
#include "sim/kms/policy/variables.h"
#include "sim/yaml/yaml_map.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

// A policy: as YAML, as JSON in a text, or in a file of its own. Empty if it is absent or wrong.
std::string read_policy(yaml::Map& map, const SceneSources& sources, policy::PolicyKind kind) {
    auto text = map.json("policy");
    std::string member = "policy";
    if (const auto file = map.text("policy_file")) {
        if (text) {
            map.mistake("policy_file", "policy is there too: one of the two");
            return {};
        }
        member = "policy_file";
        auto content = sources.read_file(*file);
        if (!content) {
            map.mistake(member, content.error().message);
            return {};
        }
        text = std::move(*content);
    }
    if (!text)
        return {};
    auto replaced = policy::replace_variables(*text, sources.lookup);
    if (!replaced) {
        map.mistake(member, replaced.error().message);
        return {};
    }
    if (const auto parsed = policy::parse_policy(*replaced, kind); !parsed) {
        map.mistake(member, parsed.error().message);
        return {};
    }
    return *replaced;
}

std::vector<ScenePolicy> read_policies(yaml::Map& map, const SceneSources& sources) {
    std::vector<ScenePolicy> policies;
    for (yaml::Map one : map.maps("policies")) {
        ScenePolicy policy;
        policy.name = one.required_text("name");
        policy.text = read_policy(one, sources, policy::PolicyKind::identity);
        if (!one.has("policy") && !one.has("policy_file"))
            one.missing({"policy", "policy_file"}, "missing, and policy_file too");
        one.refuse_unknown();
        policies.push_back(std::move(policy));
    }
    return policies;
}

void read_entities(yaml::Map& top, std::string_view kind, const SceneSources& sources,
                   Scene& scene) {
    const std::string member = std::string(kind) + "s";
    std::set<std::string> access_key_ids;
    scene.has_entities |= top.has(member);
    for (auto& [name, map] : top.named_maps(member)) {
        SceneEntity entity;
        entity.arn = fmt::format("arn:{}:iam::{}:{}/{}", iam::partition_of(scene.region),
                                 scene.account, kind, name);
        if (kind == "user") {
            entity.access_key_id = map.text("access_key_id").value_or("");
            entity.secret_access_key = map.text("secret_access_key").value_or("");
            if (entity.access_key_id.empty() != entity.secret_access_key.empty())
                map.missing({entity.access_key_id.empty() ? "access_key_id" : "secret_access_key"},
                            "missing: an access_key_id and a secret_access_key belong together");
            else if (!entity.access_key_id.empty() &&
                     !access_key_ids.insert(entity.access_key_id).second)
                map.mistake("access_key_id", "another user has it");
        }
        entity.policies = read_policies(map, sources);
        for (auto& [tag, value] : map.named_texts("tags"))
            entity.tags.emplace(tag, value);
        map.refuse_unknown();
        scene.entities.push_back(std::move(entity));
    }
}

// Condition keys with a value, a list of values or null.
void read_context(yaml::Map& top, Scene& scene) {
    const auto text = top.json("context");
    if (!text)
        return;
    const auto value = read_json(*text, json_budget);
    const auto* keys = value ? value->if_object() : nullptr;
    if (keys == nullptr) {
        top.mistake("context", "a map of condition keys was expected");
        return;
    }
    for (const auto& member : *keys) {
        const std::string key(member.key());
        const json::value& content = member.value();
        const policy::ConditionKey* known = policy::find_condition_key(key);
        if (known == nullptr) {
            top.mistake("context", fmt::format("neither IAM nor KMS has a condition key {}", key));
            continue;
        }
        // A value here would be a claim in the place of what the request is.
        if (known->availability == policy::Availability::set) {
            top.mistake("context", fmt::format("{} is set from each request; only keys that the "
                                               "KMS does not set can be given here",
                                               key));
            continue;
        }
        const json::array single{content};
        const json::array& list = content.is_array() ? content.get_array() : single;
        std::vector<std::string> values;
        for (const json::value& one : list)
            if (!one.is_null())
                values.push_back(one.is_string() ? std::string(one.get_string()) : json_text(one));
        scene.context.set(key, std::move(values));
    }
}

bool is_alias_name(std::string_view name) {
    return name.starts_with("alias/") && name.size() > 6 && name.size() <= 256 &&
           !name.starts_with("alias/aws/") &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-", 6) ==
               std::string_view::npos;
}

Bytes judged_material(const std::string& text, yaml::Map& map, const KeySpec& spec) {
    const auto expected = static_cast<std::size_t>(spec.bits) / 8;
    auto material = from_base64(text);
    if (spec.family != KeyFamily::symmetric && spec.family != KeyFamily::hmac)
        map.mistake("material", fmt::format("a key of spec {} makes its own", spec.name));
    else if (!material || material->size() != expected)
        map.mistake("material", fmt::format("{} bytes in base64 were expected", expected));
    else
        return *material;
    return {};
}

// What a key can be used for and consists of, which its spec decides.
void judge_by_spec(SceneKey& key, const std::optional<std::string>& usage,
                   const std::optional<std::string>& material, yaml::Map& map) {
    const KeySpec* spec = find_key_spec(key.spec);
    if (spec == nullptr || spec->family == KeyFamily::unsupported) {
        map.mistake("spec", fmt::format("\"{}\" is not a key spec of this KMS", key.spec));
        return;
    }
    key.usage = usage.value_or(std::string(spec->usages.front()));
    if (!contains(spec->usages, key.usage))
        map.mistake("usage", fmt::format("{} is not for keys of spec {}", key.usage, key.spec));
    else if (!map.has("usage") && spec->usages.size() > 1)
        map.missing({"usage"},
                    fmt::format("missing: a key of spec {} has more than one", key.spec));
    if (material)
        key.material = judged_material(*material, map, *spec);
}

// The first principal of the policy that does not exist; empty if all do.
std::string first_stranger(const std::string& policy, const Directory& directory) {
    if (policy.empty())
        return {};
    for (const policy::Statement& statement :
         policy::parse_policy(policy, policy::PolicyKind::key).value().statements)
        for (const std::string& principal : statement.principal->aws)
            if (!directory.exists(principal))
                return principal;
    return {};
}

SceneKey read_key(yaml::Map& map, const SceneSources& sources) {
    SceneKey key;
    key.id = map.text("id").value_or("");
    if (!key.id.empty() && (!is_key_id(key.id) || key.id.starts_with("mrk-")))
        map.mistake("id", "a UUID in lower case was expected");
    key.aliases = map.texts("aliases");
    if (const auto alias = map.text("alias"))
        key.aliases.insert(key.aliases.begin(), *alias);
    for (const std::string& alias : key.aliases)
        if (!is_alias_name(alias))
            map.mistake(
                map.has("alias") ? "alias" : "aliases",
                fmt::format("\"{}\" is not an alias: alias/ and letters, digits, / _ - were "
                            "expected",
                            alias));
    if (key.id.empty() && key.aliases.empty())
        map.missing({"id", "alias", "aliases"},
                    "missing, and an alias too: a key needs one to be asked for");
    key.description = map.text("description").value_or("");
    key.spec = map.text("spec").value_or(key.spec);
    const auto usage = map.text("usage");
    const auto material = map.text("material");
    key.policy = read_policy(map, sources, policy::PolicyKind::key);
    map.refuse_unknown();
    if (!map.is_doubtful("spec"))
        judge_by_spec(key, usage, material, map);
    return key;
}

Key make_key(const Scene& scene, const SceneKey& from, TimePoint now, RandomSource& random) {
    const KeySpec& spec = *find_key_spec(from.spec);
    Key key;
    key.id = from.id.empty() ? make_uuid(random) : from.id;
    key.created = now;
    key.description = from.description;
    key.spec = from.spec;
    key.usage = from.usage;
    key.policy = from.policy.empty()
                     ? policy::default_key_policy(iam::partition_of(scene.region), scene.account)
                     : from.policy;
    if (!from.material.empty()) {
        key.material = from.material;
        // By what the scene calls the key: another KMS with the same scene opens its ciphertexts,
        // and two keys may have the same material.
        key.material_id =
            derived_material_id(from.id.empty() ? from.aliases.front() : from.id, from.material);
    } else {
        key.material = make_key_material(spec, random);
        key.material_id = make_material_id(random);
    }
    return key;
}

}  // namespace

Result<Scene> parse_scene(std::string_view text, const std::string& file_name,
                          const SceneSources& sources, const SceneOverrides& overrides) {
    const auto file = yaml::Document::parse(text, file_name);
    if (!file)
        return file.error();
    yaml::Map top = file->top();
    Scene scene;
    scene.account = top.text("account").value_or(scene.account);
    if (!iam::is_account(scene.account))
        top.mistake("account", "12 digits were expected, in quotes where they begin with 0");
    scene.names_region = top.has("region");
    scene.region = top.text("region").value_or(scene.region);
    if (!nsm::is_region(scene.region))
        top.mistake("region", "a name such as us-east-1 was expected");
    // ARNs of users and roles have the account, and the partition of the region, that the KMS ends
    // up with.
    if (!overrides.account.empty())
        scene.account = overrides.account;
    if (!overrides.region.empty())
        scene.region = overrides.region;
    read_entities(top, "user", sources, scene);
    read_entities(top, "role", sources, scene);
    read_context(top, scene);
    Directory directory(scene.account);
    if (scene.has_entities)
        directory.require_entries();
    for (const SceneEntity& entity : scene.entities)
        directory.add_entity(entity.arn);
    std::set<std::string> names;
    for (yaml::Map map : top.maps("keys")) {
        SceneKey key = read_key(map, sources);
        if (!key.id.empty() && !names.insert(key.id).second)
            map.mistake("id", "another key has it");
        if (const auto stranger = first_stranger(key.policy, directory); !stranger.empty())
            map.mistake(map.has("policy") ? "policy" : "policy_file",
                        fmt::format("{} is neither among users nor among roles; AWS refuses a "
                                    "policy that names a principal that does not exist",
                                    stranger));
        for (const std::string& alias : key.aliases)
            if (!names.insert(alias).second)
                map.mistake("alias", fmt::format("{} is there twice", alias));
        scene.keys.push_back(std::move(key));
    }
    top.refuse_unknown();
    if (auto error = file->error())
        return *error;
    return scene;
}

Result<std::string> parse_policy_file(std::string_view text, const std::string& file_name,
                                      const policy::Lookup& lookup) {
    std::string json(text);
    if (const std::size_t begin = text.find_first_not_of(" \t\r\n");
        text.size() <= policy::policy_bytes_max && begin != std::string_view::npos &&
        text[begin] != '{') {
        const auto file = yaml::Document::parse(text, file_name);
        if (!file)
            return file.error();
        if (const yaml::Map top = file->top(); top.has("keys") || top.has("roles"))
            return invalid_input(file_name +
                                 ": this is a scene; a key policy by itself was expected, with "
                                 "Statement at its top");
        json = file->json();
    }
    auto replaced = policy::replace_variables(json, lookup);
    if (!replaced)
        return Error(replaced.error()).in(file_name);
    if (const auto parsed = policy::parse_policy(*replaced, policy::PolicyKind::key); !parsed)
        return Error(parsed.error()).in(file_name);
    return *replaced;
}

void apply(const Scene& scene, Directory& directory, iam::CredentialStore& credentials) {
    if (scene.has_entities)
        directory.require_entries();
    for (const SceneEntity& entity : scene.entities) {
        directory.add_entity(entity.arn);
        directory.set_tags(entity.arn, entity.tags);
        for (const ScenePolicy& policy : entity.policies)
            directory.add_policy(entity.arn, policy.name, policy.text).value();
        if (entity.access_key_id.empty())
            continue;
        credentials.add({entity.access_key_id,
                         entity.secret_access_key,
                         {},
                         std::nullopt,
                         iam::parse_principal(entity.arn).value()});
    }
}

Result<void> apply(const Scene& scene, KeyStore& keys, TimePoint now, RandomSource& random) {
    for (const SceneKey& wanted : scene.keys) {
        // A key is there with all its aliases or not at all, and once, whichever of several KMS
        // processes of one key store starts first.
        auto transaction = keys.begin();
        if (!transaction)
            return transaction.error();
        std::string id = wanted.id;
        if (id.empty()) {
            const auto alias = keys.find_alias(wanted.aliases.front());
            if (!alias)
                return alias.error();
            if (*alias)
                id = (*alias)->key_id;
        }
        auto existing = id.empty() ? Result<std::optional<Key>>(std::nullopt) : keys.find(id);
        if (!existing)
            return existing.error();
        const std::optional<Key> made =
            *existing ? std::nullopt : std::optional(make_key(scene, wanted, now, random));
        if (made) {
            id = made->id;
            const auto added = keys.add(*made);
            if (!added)
                return added.error();
            if (!*added)
                return invalid_input(fmt::format(
                    "the key {} of the scene was not made: another key of the key store has its ID "
                    "or its material; give it another alias or id, or another --state directory",
                    wanted.aliases.empty() ? id : wanted.aliases.front()));
        } else if (!wanted.policy.empty()) {
            if (auto set = keys.set_policy(id, wanted.policy); !set)
                return set.error();
        }
        for (const std::string& name : wanted.aliases) {
            const auto added = keys.add_alias({name, id, now, now});
            if (!added)
                return added.error();
            if (!*added)
                if (const auto moved = keys.update_alias(name, id, now); !moved)
                    return moved.error();
        }
        if (auto committed = transaction->commit(); !committed)
            return committed;
    }
    return {};
}

}  // namespace glovebox::kms
