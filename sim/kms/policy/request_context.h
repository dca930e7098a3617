// SPDX-License-Identifier: Apache-2.0

// The values of a request that conditions can test: condition keys with their values. The case of
// key names does not matter, also not in the <key> of kms:EncryptionContext:<key>. A key without a
// value is known to be absent from the request, as on AWS.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::kms::policy {

class RequestContext {
  public:
    struct Entry {
        std::string key;  // as it was first set
        std::vector<std::string> values;
    };

    // Adds values to a key. Keys that differ in case only are one key.
    void set(std::string key, std::string value);
    void set(std::string key, std::vector<std::string> values);
    // The same, but former values of the key are forgotten.
    void replace(std::string key, std::vector<std::string> values);

    // Null if the request lacks the key, or has it without a value. Valid until the next set().
    [[nodiscard]] const Entry* find(std::string_view key) const;
    // Whether the key was set, with or without a value.
    [[nodiscard]] bool mentions(std::string_view key) const;
    // Sorted by the key in lower case; also the keys without a value.
    [[nodiscard]] std::vector<Entry> entries() const;

  private:
    std::map<std::string, Entry, std::less<>> by_lower_case_;
};

}  // namespace glovebox::kms::policy
