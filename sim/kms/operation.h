// SPDX-License-Identifier: Apache-2.0

// One operation of the API and one call of it: the input of a handler, and the record that it
// leaves for the logs.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "sim/http/message.h"
#include "sim/kms/api_error.h"
#include "sim/kms/directory.h"
#include "sim/kms/input.h"
#include "sim/kms/key_store.h"
#include "sim/kms/recipient.h"

namespace glovebox::kms {

// Shared by all operations. The references outlive it.
struct Environment {
    std::string account;  // the owner of all keys
    std::string region;
    KeyStore& keys;
    const Directory& directory;
    const std::vector<nsm::TrustRoot>& roots;  // of attestation
    KnownRecipients& recipients;
    RandomSource& random;
    // What the scene says about condition keys; it takes the place of what a request has.
    const policy::RequestContext& context;

    [[nodiscard]] std::string key_arn(std::string_view id) const;
    [[nodiscard]] std::string key_arn(std::string_view id, std::string_view of_region) const;
    [[nodiscard]] std::string alias_arn(std::string_view name) const;  // name with "alias/"
};

// One question to the policies, with everything that the answer depends on. The trace keeps it, and
// `glovebox kms explain` asks it again.
struct Check {
    policy::AccessRequest request;
    std::vector<NamedPolicy> policies;
    std::vector<policy::Grant> grants;  // of the key, for the caller
    policy::Decision decision;
};

struct Operation;

// One request while it is processed.
struct Call {
    const http::Request& http;
    const Operation& operation;
    boost::json::object input;
    iam::Principal caller;
    std::string access_key_id;
    std::string request_id;
    TimePoint now;
    bool dry_run = false;  // whether the operation is to stop before it changes anything

    // Filled in by the operation.
    std::vector<Check> checks;
    std::optional<Recipient> recipient;
    std::vector<std::string> resources;      // ARNs of the keys that it found
    boost::json::object request_parameters;  // for CloudTrail: without any secret
};

// Returns the members of the response.
using Handler = Answer<boost::json::object> (*)(Environment&, Call&);

struct Operation {
    std::string_view name;  // "Decrypt"
    Handler handler;
    bool read_only = false;      // CloudTrail's readOnly
    bool takes_dry_run = false;  // accepts DryRun
    bool attestable = false;     // may carry a Recipient
    bool has_output = true;      // false: an empty body
    bool makes_keys = false;     // may make an RSA key, which takes up to seconds

    // Whether all that it reads and changes is one transaction. One that makes keys takes too long
    // for that, and changes the store in one step.
    [[nodiscard]] bool is_transaction() const { return !read_only && !makes_keys; }
    // The name in policies: "kms:Decrypt".
    [[nodiscard]] std::string action() const;
};

}  // namespace glovebox::kms
