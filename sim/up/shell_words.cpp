// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shell_words.h"

#include <fmt/core.h>

namespace glovebox::up {
namespace {

constexpr std::string_view word_separators = " \t\n";
constexpr std::string_view shell_operators = "|&;<>()`";

class Splitter {
  public:
    explicit Splitter(std::string_view text) : rest_(text) {}

    [[nodiscard]] Result<std::vector<std::string>> split() {
        while (!rest_.empty()) {
            const char c = take();
            if (word_separators.find(c) != std::string_view::npos) {
                end_word();
            } else if (shell_operators.find(c) != std::string_view::npos) {
                return invalid_input(
                    fmt::format("\"{}\" is for a shell, and none runs here: write [sh, -c, "
                                "'COMMAND'], or quote it",
                                c));
            } else if (c == '\'' || c == '"') {
                is_word_ = true;
                if (!take_quoted(c))
                    return invalid_input(fmt::format("a {} is not closed", c));
            } else {
                is_word_ = true;
                word_ += c == '\\' && !rest_.empty() ? take() : c;
            }
        }
        end_word();
        return std::move(words_);
    }

  private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    void end_word() {
        if (is_word_)
            words_.push_back(std::move(word_));
        word_.clear();
        is_word_ = false;
    }
    // Whether the closing quote was there.
    [[nodiscard]] bool take_quoted(char quote) {
        while (!rest_.empty()) {
            const char c = take();
            if (c == quote)
                return true;
            const bool escapes =
                quote == '"' && c == '\\' && !rest_.empty() &&
                std::string_view("\"\\$`").find(rest_.front()) != std::string_view::npos;
            word_ += escapes ? take() : c;
        }
        return false;
    }

    std::string_view rest_;
    std::string word_;
    bool is_word_ = false;  // an empty word is one too, where it was quoted
    std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_shell_words(std::string_view text) {
    return Splitter(text).split();
}

}  // namespace glovebox::up
