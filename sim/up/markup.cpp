// SPDX-License-Identifier: Apache-2.0

#include "sim/up/markup.h"

#include "core/base/printable.h"

namespace glovebox::up {

std::string in_markup(std::string_view text) {
    std::string out;
    for (const char one : printable_lines(text))
        switch (one) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
                out += "&#10;";
                break;
            default:
                out += one;
        }
    return out;
}

}  // namespace glovebox::up
