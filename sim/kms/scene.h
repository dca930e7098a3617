// SPDX-License-Identifier: Apache-2.0

// A file that sets the scene for a KMS: who may sign, which IAM policies they have, which keys
// there are.
//
//   account: "111122223333"
//   region: us-east-1
//   users:
//     alice:                               # arn:aws:iam::111122223333:user/alice
//       access_key_id: AKIDEXAMPLE         # with its secret: alice can sign
//       secret_access_key: wJalrXUtnFEMI
//       policies: [{name: Admin, policy: {Statement: [...]}}]
//   roles:
//     parent: {policies: []}               # assumed by instances: their metadata hands out
//                                          # its credentials
//   keys:
//   - id: 1234abcd-12ab-34cd-56ef-1234567890ab   # or made up; then an alias is needed
//     alias: alias/app                            # or a list, `aliases`
//     description: the application's key
//     spec: SYMMETRIC_DEFAULT
//     usage: ENCRYPT_DECRYPT
//     material: <base64 of 32 bytes>              # or made up; SYMMETRIC_DEFAULT and HMAC only
//     policy: {...}                               # as YAML, or JSON in a text; the default without
//     policy_file: app-policy.json                # instead; beside the scene's file
//
// As soon as `users` or `roles` is there, only who stands in them has IAM policies; without them
// everybody in the account is an administrator, and only the keys' policies decide.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/iam/credentials.h"
#include "sim/kms/directory.h"
#include "sim/kms/key_store.h"
#include "sim/kms/service.h"

namespace glovebox::kms {

struct ScenePolicy {
    std::string name;
    std::string text;
};

// A user or a role.
struct SceneEntity {
    std::string arn;
    std::string access_key_id;  // empty for who can't sign
    std::string secret_access_key;
    std::vector<ScenePolicy> policies;
};

struct SceneKey {
    std::string id;  // empty: made up
    std::vector<std::string> aliases;
    std::string description;
    std::string spec = "SYMMETRIC_DEFAULT";
    std::string usage;
    Bytes material;      // empty: made up
    std::string policy;  // empty: the default
};

struct Scene {
    std::string account = "111122223333";
    std::string region = "us-east-1";
    bool names_region = false;  // whether the file does
    bool has_entities = false;  // whether the file has users or roles
    std::vector<SceneEntity> entities;
    std::vector<SceneKey> keys;
};

// What stands above the file, before anything of it is made into ARNs; empty where the file
// decides.
struct SceneOverrides {
    std::string account;  // is_account()
    std::string region;   // is_region()
};

// Gives a file's content, or says why not; `name` is relative to the scene's file.
using ReadFile = std::function<Result<std::string>(const std::string& name)>;

// The error has every mistake with its line and column, policies' included.
[[nodiscard]] Result<Scene> parse_scene(std::string_view yaml, const std::string& file_name,
                                        const ReadFile& read_file,
                                        const SceneOverrides& overrides = {});

// Fills the directory and the credentials.
void apply(const Scene& scene, Directory& directory, iam::CredentialStore& credentials);

// Adds keys and aliases. A key that is there already, by its id or else by its first alias, keeps
// its material and gets the scene's policy, and the aliases that it lacks.
[[nodiscard]] Result<void> apply(const Scene& scene, KeyStore& keys, TimePoint now,
                                 RandomSource& random);

}  // namespace glovebox::kms
