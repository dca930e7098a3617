// SPDX-License-Identifier: Apache-2.0

// A guest's console: init's markers in it, and its last lines for an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace glovebox::vm {

class ConsoleText {
  public:
    // `token` is this boot's (guest_image.h).
    explicit ConsoleText(std::string token) : token_(std::move(token)) {}

    void take(std::string_view bytes);
    // Whether the command is about to start, or has.
    [[nodiscard]] bool is_ready() const { return is_ready_; }
    // The command's exit status, once it has ended.
    [[nodiscard]] const std::optional<int>& status() const { return status_; }
    // The kernel's panic, if there was one, and the last lines, each behind "  | ", printable.
    [[nodiscard]] std::string end() const;

  private:
    void take_line(std::string_view line);

    std::string token_;
    std::string line_;  // the beginning of one whose end has not come
    std::string last_;  // complete lines
    std::string panic_;
    bool is_ready_ = false;
    std::optional<int> status_;
};

}  // namespace glovebox::vm
