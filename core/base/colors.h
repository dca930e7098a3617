// SPDX-License-Identifier: Apache-2.0

// Colours on a terminal: whether there are any, and which.
//
// --color decides, unless it is "auto"; then NO_COLOR (https://no-color.org), then CLICOLOR_FORCE
// (https://bixense.com/clicolors), then whether the descriptor is a terminal that knows colours. A
// file and a pipe get them only on request.
#pragma once

#include <string>
#include <string_view>

namespace glovebox {

enum class Style { plain, dim, good, warning, bad, label_0, label_1, label_2, label_3 };
inline constexpr unsigned label_styles = 4;

enum class ColorWish { automatic, always, never };

class Colors {
  public:
    // None.
    Colors() = default;
    // For what is written to the descriptor.
    [[nodiscard]] static Colors of(ColorWish wish, int fd);

    [[nodiscard]] bool are_shown() const { return are_shown_; }
    // The text in this style. The text has to be printable already.
    [[nodiscard]] std::string paint(Style style, std::string_view text) const;

  private:
    explicit Colors(bool are_shown) : are_shown_(are_shown) {}

    bool are_shown_ = false;
};

}  // namespace glovebox
