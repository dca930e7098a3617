// SPDX-License-Identifier: Apache-2.0

// The scene of a KMS: a YAML file with the users and roles, their IAM policies, and the keys
// (docs/glossary.md).
//
//   account: "111122223333"
//   region: us-east-1
//   users:
//     alice:                               # arn:aws:iam::111122223333:user/alice
//       access_key_id: AKIDEXAMPLE         # with its secret: alice can sign
//       secret_access_key: wJalrXUtnFEMI
//       policies: [{name: Admin, policy: {Statement: [...]}}]
//       tags: {team: ops}                  # aws:PrincipalTag/team
//   roles:
//     parent: {policies: []}               # assumed by instances: the metadata service hands out
//                                          # its credentials
//   context: {"aws:PrincipalOrgID": o-a1b2c3d4e5, "aws:SourceVpc": null}
//                                        # values of condition keys, or null where AWS sets none
//   keys:
//   - id: 1234abcd-12ab-34cd-56ef-1234567890ab   # generated if absent; then an alias is needed
//     alias: alias/app                            # or a list, `aliases`
//     description: the application's key
//     spec: SYMMETRIC_DEFAULT
//     usage: ENCRYPT_DECRYPT                      # needed if the spec has several
//     material: <base64 of 32 bytes>              # generated if absent; symmetric and HMAC only
//     policy: {...}                               # as YAML, or JSON in a text; has a default
//     policy_file: app-policy.json                # instead; beside the scene's file
//
// A policy may have variables of the environment, ${NAME}: policy/variables.h.
//
// If the file has `users` or `roles`, only those have IAM policies. Without both, everybody in the
// account is an administrator, and the keys' policies alone decide.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/iam/credentials.h"
#include "sim/kms/directory.h"
#include "sim/kms/key_store.h"
#include "sim/kms/policy/variables.h"
#include "sim/kms/service.h"

namespace glovebox::kms {

struct ScenePolicy {
    std::string name;
    std::string text;
};

// A user or a role.
struct SceneEntity {
    std::string arn;
    std::string access_key_id;  // empty for an entity that cannot sign
    std::string secret_access_key;
    std::vector<ScenePolicy> policies;
    std::map<std::string, std::string> tags;
};

struct SceneKey {
    std::string id;  // empty: generated
    std::vector<std::string> aliases;
    std::string description;
    std::string spec = "SYMMETRIC_DEFAULT";
    std::string usage;
    Bytes material;      // empty: generated
    std::string policy;  // empty: the default
};

struct Scene {
    std::string account = "111122223333";
    std::string region = "us-east-1";
    bool names_region = false;  // whether the file does
    bool has_entities = false;  // whether the file has users or roles
    // Condition keys with the values that requests have, or without one: absent, as on AWS.
    policy::RequestContext context;
    std::vector<SceneEntity> entities;
    std::vector<SceneKey> keys;
};

// Values that take precedence over the file's, before any of them becomes part of an ARN. Empty:
// the file decides.
struct SceneOverrides {
    std::string account;  // is_account()
    std::string region;   // is_region()
};

// Returns the content of a file. `name` is as the scene states it, relative to the scene's file.
using ReadFile = std::function<Result<std::string>(const std::string& name)>;

// What a scene takes from outside of its file.
struct SceneSources {
    ReadFile read_file;
    policy::Lookup lookup;  // of the variables in its policies; without it none is set
};

// Reads a scene. The error lists every mistake with its line and column, also those in policies.
// `file_name` is for error messages.
[[nodiscard]] Result<Scene> parse_scene(std::string_view yaml, const std::string& file_name,
                                        const SceneSources& sources,
                                        const SceneOverrides& overrides = {});

// Reads a key policy by itself, in JSON or as YAML in the form of a scene's `policy`, and returns
// it as JSON. The error names the file.
[[nodiscard]] Result<std::string> parse_policy_file(std::string_view text,
                                                    const std::string& file_name,
                                                    const policy::Lookup& lookup);

// Adds the users and roles to the directory, and the users' access keys to the credentials.
void apply(const Scene& scene, Directory& directory, iam::CredentialStore& credentials);

// Adds keys and aliases to the store. A key that exists already, by its ID or otherwise by its
// first alias, keeps its material, and gets the scene's policy if the scene states one. Aliases of
// another key are moved to the scene's.
[[nodiscard]] Result<void> apply(const Scene& scene, KeyStore& keys, TimePoint now,
                                 RandomSource& random);

}  // namespace glovebox::kms
