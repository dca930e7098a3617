// SPDX-License-Identifier: Apache-2.0

// A grant: it allows a principal some operations with one key, beside all policies. A constraint
// narrows it to requests with a certain encryption context.
//
// Source: KMS developer guide, "Grants in AWS KMS".
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::kms::policy {

struct Grant {
    using Pairs = std::map<std::string, std::string>;

    std::string id;  // 64 hexadecimal digits
    std::string key_id;
    std::string name;  // may be empty
    TimePoint created;
    std::string grantee;   // the ARN of whom it allows the operations
    std::string retiring;  // of who may retire it; may be empty
    std::string issuing_account;
    std::vector<std::string> operations;  // "Decrypt"
    std::optional<Pairs> context_equals;  // the encryption context is the same
    std::optional<Pairs> context_subset;  // the encryption context has these pairs

    [[nodiscard]] bool allows(std::string_view operation) const;
    // The name in quotes, or the ID.
    [[nodiscard]] std::string called() const;
};

[[nodiscard]] boost::json::object to_json(const Grant& grant);
[[nodiscard]] Result<Grant> parse_grant(const boost::json::object& object);

}  // namespace glovebox::kms::policy
