// SPDX-License-Identifier: Apache-2.0

// What a request shows to conditions: condition keys and their values. Key names ignore case, also
// the <key> of kms:EncryptionContext:<key>.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::kms::policy {

class RequestContext {
  public:
    struct Entry {
        std::string key;  // as it is usually spelled
        std::vector<std::string> values;
    };

    void set(std::string key, std::string value);
    void set(std::string key, std::vector<std::string> values);

    // Null when the request has no such key, or has it without a value.
    [[nodiscard]] const Entry* find(std::string_view key) const;
    [[nodiscard]] std::vector<Entry> entries() const;

  private:
    std::map<std::string, Entry, std::less<>> by_lower_case_;
};

}  // namespace glovebox::kms::policy
