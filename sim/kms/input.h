// SPDX-License-Identifier: Apache-2.0

// Reads the members of a request, and collects everything that is wrong with them, as KMS does: all
// violations are reported in one ValidationException.
//
//   2 validation errors detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint:
//   Member must have value less than or equal to 1024; Value at 'keyId' failed ...
//
// A null member counts as absent. A member of another JSON type is a SerializationException, and
// has precedence. The readers return a value in any case, an empty one if they have to: call
// error() before using any of them.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "sim/kms/api_error.h"
#include "sim/kms/ciphertext_blob.h"

namespace glovebox::kms {

struct Range {
    std::size_t least = 0;
    std::size_t most = 0;
};

// The length of a member that names a key: ID, ARN or alias.
inline constexpr Range key_reference_length{1, 2048};
// The length in bytes of a message to sign or to authenticate.
inline constexpr Range message_length{1, 4096};

class Input {
  public:
    // `path` is the prefix of member names in messages, such as "recipient.". `object` outlives the
    // reader.
    explicit Input(const boost::json::object& object, std::string path = {})
        : object_(object), path_(std::move(path)) {}

    // `length` is in characters.
    [[nodiscard]] std::optional<std::string> text(std::string_view name, Range length);
    [[nodiscard]] std::string required_text(std::string_view name, Range length);

    // Base64; `length` is that of the decoded bytes. Messages do not quote the value.
    [[nodiscard]] std::optional<Bytes> blob(std::string_view name, Range length);
    [[nodiscard]] Bytes required_blob(std::string_view name, Range length);

    // `range` is that of the value.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, Range range);
    // False if absent.
    [[nodiscard]] bool flag(std::string_view name);

    // A text that is one of `values`.
    [[nodiscard]] std::optional<std::string> choice(std::string_view name,
                                                    const std::vector<std::string_view>& values);
    [[nodiscard]] std::string required_choice(std::string_view name,
                                              const std::vector<std::string_view>& values);

    // A map from texts to texts; empty if absent.
    [[nodiscard]] EncryptionContext string_map(std::string_view name);
    // A list of texts: `count` of them, each of `length` characters. Empty if absent.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, Range count, Range length);
    // Null if absent. Owned by the request.
    [[nodiscard]] const boost::json::object* object(std::string_view name);
    [[nodiscard]] const boost::json::array* array(std::string_view name);

    // Of a list or an object that may not be absent.
    void require(std::string_view name);
    // `pattern` is the regular expression in the message: one of characters, each of which is_one()
    // accepts. What is not a text is the reader's to refuse.
    void require_characters(std::string_view name, std::string_view pattern, bool (*is_one)(char));

    // Adds the findings of a reader of a nested object.
    void include(const Input& nested);
    // The exception for everything that was read so far; empty if nothing is wrong.
    [[nodiscard]] std::optional<ApiError> error() const;

  private:
    struct Violation {
        std::string message;      // AWS's, with the whole value
        std::string explanation;  // for the logs, with as much of the value as a person reads
    };

    [[nodiscard]] const boost::json::value* find(std::string_view name) const;
    [[nodiscard]] std::string path(std::string_view name) const;
    void violation(std::string_view shown, std::string_view name, std::string_view constraint);
    void wrong_type(std::string_view name, std::string_view expected);
    void check_length(std::string_view shown, std::string_view name, std::size_t length,
                      Range allowed);

    const boost::json::object& object_;
    std::string path_;
    std::vector<Violation> violations_;
    std::string type_error_;
};

}  // namespace glovebox::kms
