// SPDX-License-Identifier: Apache-2.0

// Foreign text made fit to be shown.
//
// What a peer, an image or a file has chosen may hold control characters, characters that hide or
// reorder text, and bytes that are not UTF-8: on a terminal they forge lines, move the cursor or
// run its functions, and they make a log unreadable. Here they become escapes in ASCII, \x9b for a
// byte and \u{202e} for a character; letters of every script stay.
//
//   log and terminal lines pass this function already: Log, sim/command_line's PrintableStreams
//   a foreign value within a report of several lines: printable(value), in_quotes(value)
//   a foreign value within a sentence that it must not flood: shown(value)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox {

// Whether the character can be shown: it is not a control, format or default-ignorable character,
// no separator of lines or paragraphs and no noncharacter (Unicode 14).
[[nodiscard]] bool is_printable(char32_t character);
// From the space to the tilde: most of every text, told without decoding UTF-8.
[[nodiscard]] constexpr bool is_printable_ascii(char c) {
    return c >= 0x20 && c <= 0x7e;
}

// The first character of a text that is not empty. A byte that begins no valid UTF-8 is taken alone
// and has no character.
struct FirstCharacter {
    std::size_t bytes;
    std::optional<char32_t> character;
};
[[nodiscard]] FirstCharacter first_character(std::string_view text);

// One line.
[[nodiscard]] std::string printable(std::string_view text);

// One line in quotes; a quotation mark and a backslash in it have a backslash before them.
[[nodiscard]] std::string in_quotes(std::string_view text);

// The same as printable(), but line feeds and tabs stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

// At most the first `bytes_max` bytes of a text, up to the end of a character, and how many there
// are: "AAAA... (900000 bytes)". A text that fits stays as it is.
[[nodiscard]] std::string cut(std::string_view text, std::size_t bytes_max);

// A foreign value as part of a sentence: one line, cut.
inline constexpr std::size_t shown_bytes_max = 256;
[[nodiscard]] std::string shown(std::string_view text, std::size_t bytes_max = shown_bytes_max);

}  // namespace glovebox
