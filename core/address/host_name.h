// SPDX-License-Identifier: Apache-2.0

// A host name in its canonical form: lower case, without a trailing dot, and never a text that
// getaddrinfo(3) reads as an address.
//
// getaddrinfo(3) reads many strings as addresses without a lookup: 2852039166, 0251.0376.0251.0376,
// 127.1, 0 and 0x7f.1 all reach this host or its metadata service. None of them is a HostName, so
// the address of a HostName always comes from a lookup.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::core {

class HostName {
  public:
    // Reads letters, digits, '-' and '_' in labels of 1 to 63, 253 in all (RFC 1035 2.3.4); one
    // trailing dot is dropped. Errors: ProxyError::bad_target.
    [[nodiscard]] static Result<HostName> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }

    // "a.b.example.com" is below "example.com" and "b.example.com", and not below itself.
    [[nodiscard]] bool is_below(const HostName& parent) const;

    auto operator<=>(const HostName&) const = default;

  private:
    explicit HostName(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

// Whether the last label is a number, decimal or 0x: such a text is an address or nothing (the
// same rule as in https://url.spec.whatwg.org/#ends-in-a-number-checker).
[[nodiscard]] bool ends_in_number(std::string_view text);

}  // namespace glovebox::core
