// SPDX-License-Identifier: Apache-2.0

// One operation of the API: what it is given, and what it leaves behind for the logs.
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

// What all operations share. Everything outlives it.
struct Environment {
    std::string account;  // that owns the keys
    std::string region;
    KeyStore& keys;
    const Directory& directory;
    const std::vector<nsm::TrustRoot>& roots;  // of attestation
    nsm::KnownChains& chains;
    RandomSource& random;

    [[nodiscard]] std::string key_arn(std::string_view id) const;
    [[nodiscard]] std::string alias_arn(std::string_view name) const;  // name with "alias/"
};

// One question to the policies, with everything that an answer needs: the trace keeps it, and
// `glovebox kms explain` asks it again.
struct Check {
    policy::AccessRequest request;
    std::vector<NamedPolicy> policies;
    policy::Decision decision;
};

struct Operation;

// One request on its way.
struct Call {
    const http::Request& http;
    const Operation& operation;
    boost::json::object input;
    iam::Principal caller;
    std::string access_key_id;
    std::string request_id;
    TimePoint now;

    // Filled in as the operation goes along.
    std::vector<Check> checks;
    std::optional<Recipient> recipient;
    std::vector<std::string> resources;      // ARNs of the keys that it came to
    boost::json::object request_parameters;  // CloudTrail's: no secret among them
};

using Handler = Answer<boost::json::object> (*)(Environment&, Call&);

struct Operation {
    std::string_view name;  // "Decrypt"
    Handler handler;
    bool read_only = false;      // CloudTrail's word for it
    bool cryptographic = false;  // takes GrantTokens and DryRun
    bool attestable = false;     // may carry a Recipient
    bool has_output = true;      // false: an empty body
    bool makes_keys = false;     // may look for an RSA key for seconds

    // "kms:Decrypt".
    [[nodiscard]] std::string action() const;
};

}  // namespace glovebox::kms
