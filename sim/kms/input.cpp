// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/input.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <boost/json/array.hpp>

#include "core/base/base64.h"
#include "core/base/printable.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/utf8.h"

namespace glovebox::kms {
namespace {

constexpr std::string_view secret;  // a value that is not shown

}  // namespace

const boost::json::value* Input::find(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

// Paths are lower camel case: KeyId is at 'keyId'.
std::string Input::path(std::string_view name) const {
    std::string out(name);
    if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z')
        out[0] = static_cast<char>(out[0] - 'A' + 'a');
    return path_ + out;
}

void Input::violation(std::string_view shown, std::string_view name, std::string_view constraint) {
    const auto sentence = [&](std::string_view value) {
        return fmt::format("Value{} at '{}' failed to satisfy constraint: {}",
                           value.empty() ? std::string() : fmt::format(" '{}'", value), path(name),
                           constraint);
    };
    violations_.push_back({sentence(shown), sentence(glovebox::shown(shown))});
}

void Input::wrong_type(std::string_view name, std::string_view expected) {
    if (type_error_.empty())
        type_error_ = fmt::format("{}{}: {} was expected", path_, name, expected);
}

void Input::check_length(std::string_view shown, std::string_view name, std::size_t length,
                         Range allowed) {
    if (length < allowed.least)
        violation(
            shown, name,
            fmt::format("Member must have length greater than or equal to {}", allowed.least));
    if (length > allowed.most)
        violation(shown, name,
                  fmt::format("Member must have length less than or equal to {}", allowed.most));
}

std::optional<std::string> Input::text(std::string_view name, Range length) {
    const auto* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    const auto* found = value->if_string();
    if (found == nullptr) {
        wrong_type(name, "a text");
        return std::nullopt;
    }
    check_length(std::string_view(*found), name, count_characters(*found), length);
    return std::string(found->data(), found->size());
}

std::string Input::required_text(std::string_view name, Range length) {
    auto found = text(name, length);
    if (!found && find(name) == nullptr)
        violation(secret, name, "Member must not be null");
    return std::move(found).value_or(std::string());
}

std::optional<Bytes> Input::blob(std::string_view name, Range length) {
    const auto* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    const auto* found = value->if_string();
    if (found == nullptr) {
        wrong_type(name, "base64");
        return std::nullopt;
    }
    auto bytes = from_base64(std::string_view(*found));
    if (!bytes) {
        if (type_error_.empty())
            type_error_ = fmt::format("{}{}: {}", path_, name, bytes.error().message);
        return std::nullopt;
    }
    check_length(secret, name, bytes->size(), length);
    return std::move(*bytes);
}

Bytes Input::required_blob(std::string_view name, Range length) {
    auto found = blob(name, length);
    if (!found && find(name) == nullptr)
        violation(secret, name, "Member must not be null");
    return std::move(found).value_or(Bytes());
}

std::optional<std::int64_t> Input::integer(std::string_view name, Range range) {
    const auto* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    if (!value->is_int64()) {
        wrong_type(name, "an integer");
        return std::nullopt;
    }
    const std::int64_t found = value->get_int64();
    const std::string shown = std::to_string(found);
    if (found < static_cast<std::int64_t>(range.least))
        violation(shown, name,
                  fmt::format("Member must have value greater than or equal to {}", range.least));
    if (found > static_cast<std::int64_t>(range.most))
        violation(shown, name,
                  fmt::format("Member must have value less than or equal to {}", range.most));
    return found;
}

bool Input::flag(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr)
        return false;
    if (!value->is_bool()) {
        wrong_type(name, "true or false");
        return false;
    }
    return value->get_bool();
}

std::optional<std::string> Input::choice(std::string_view name,
                                         const std::vector<std::string_view>& values) {
    const auto* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    const auto* found = value->if_string();
    if (found == nullptr) {
        wrong_type(name, "a text");
        return std::nullopt;
    }
    if (!contains(values, std::string_view(*found)))
        violation(std::string_view(*found), name,
                  fmt::format("Member must satisfy enum value set: [{}]", fmt::join(values, ", ")));
    return std::string(found->data(), found->size());
}

std::string Input::required_choice(std::string_view name,
                                   const std::vector<std::string_view>& values) {
    auto found = choice(name, values);
    if (!found && find(name) == nullptr)
        violation(secret, name, "Member must not be null");
    return std::move(found).value_or(std::string());
}

EncryptionContext Input::string_map(std::string_view name) {
    EncryptionContext map;
    const auto* members = object(name);
    if (members == nullptr)
        return map;
    for (const auto& member : *members) {
        const auto* text = member.value().if_string();
        if (text == nullptr)
            wrong_type(name, "a map of texts");
        else
            map.emplace(member.key(), std::string_view(*text));
    }
    return map;
}

std::vector<std::string> Input::texts(std::string_view name, Range count, Range length) {
    std::vector<std::string> out;
    const auto* elements = array(name);
    if (elements == nullptr)
        return out;
    check_length(secret, name, elements->size(), count);
    for (const auto& element : *elements) {
        const auto* text = element.if_string();
        if (text == nullptr) {
            wrong_type(name, "a list of texts");
            continue;
        }
        check_length(secret, name, count_characters(*text), length);
        out.emplace_back(text->data(), text->size());
    }
    return out;
}

void Input::require(std::string_view name) {
    if (find(name) == nullptr)
        violation(secret, name, "Member must not be null");
}

void Input::require_characters(std::string_view name, std::string_view pattern,
                               bool (*is_one)(char)) {
    const auto* value = find(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text != nullptr && !std::all_of(text->begin(), text->end(), is_one))
        violation(std::string_view(*text), name,
                  fmt::format("Member must satisfy regular expression pattern: {}", pattern));
}

const boost::json::object* Input::object(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr)
        return nullptr;
    if (!value->is_object())
        wrong_type(name, "an object");
    return value->if_object();
}

const boost::json::array* Input::array(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr)
        return nullptr;
    if (!value->is_array())
        wrong_type(name, "a list");
    return value->if_array();
}

void Input::include(const Input& nested) {
    violations_.insert(violations_.end(), nested.violations_.begin(), nested.violations_.end());
    if (type_error_.empty())
        type_error_ = nested.type_error_;
}

std::optional<ApiError> Input::error() const {
    if (!type_error_.empty())
        return api_error("SerializationException", type_error_);
    if (violations_.empty())
        return std::nullopt;
    const auto all = [&](std::string Violation::*sentence) {
        std::string text = fmt::format("{} validation error{} detected: ", violations_.size(),
                                       violations_.size() == 1 ? "" : "s");
        for (const Violation& violation : violations_)
            text += (&violation == violations_.data() ? "" : "; ") + violation.*sentence;
        return text;
    };
    return validation_error(all(&Violation::message), all(&Violation::explanation));
}

}  // namespace glovebox::kms
