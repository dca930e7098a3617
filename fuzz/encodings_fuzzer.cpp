// SPDX-License-Identifier: Apache-2.0

// Texts and encodings of bytes, differential: OpenSSL is the judge of base64, Unicode's table 3-7
// that of UTF-8, Boost.JSON reads what was quoted. What is shown has nothing that a terminal or a
// runner of workflows obeys.

#include <openssl/evp.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <string>

#include "core/base/base64.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/program_head.h"
#include "core/base/workflow_commands.h"
#include "core/crypto/pcr.h"
#include "fuzz/require.h"
#include "nsm-mock/document/text_form.h"
#include "sim/sandbox/root_fs_plan.h"

namespace {

using namespace glovebox;

// The bytes of the well-formed sequence at the beginning; 0 if it begins with another byte
// (Unicode, table 3-7).
std::size_t sequence_at(std::string_view text) {
    const auto at = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const auto within = [&](std::size_t i, unsigned from, unsigned to) {
        return at(i) >= from && at(i) <= to;
    };
    const unsigned lead = at(0);
    if (lead <= 0x7f)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return within(1, 0x80, 0xbf) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef)
        return within(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) &&
                       within(2, 0x80, 0xbf)
                   ? 3
                   : 0;
    if (lead >= 0xf0 && lead <= 0xf4)
        return within(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) &&
                       within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf)
                   ? 4
                   : 0;
    return 0;
}

void check_utf8(std::string_view text) {
    while (!text.empty()) {
        const FirstCharacter first = first_character(text);
        const std::size_t expected = sequence_at(text);
        require(first.character.has_value() == (expected != 0));
        require(first.bytes == (expected == 0 ? 1 : expected));
        text.remove_prefix(first.bytes);
    }
}

void check_shown(const std::string& text) {
    const std::string line = printable(text);
    require(printable(line) == line);
    for (const char c : line)
        require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    require(printable_lines(printable_lines(text)) == printable_lines(text));
    const std::string inert_line = inert(line);
    require(inert_line.find("##[") == std::string::npos);
    require(!inert_line.starts_with("::"));
    const std::string quoted = json_quote(text);
    boost::json::error_code error;
    const auto read = boost::json::parse(quoted, error);
    require(!error && read.is_string());
    require(boost::json::parse(json_quote(std::string_view(read.get_string()))) == read);
}

// Boost.JSON 1.81 reads a number with a fraction or more than 64 bits to within one unit of its
// last place, so that writing and reading it again may change it.
bool has_double(const boost::json::value& value) {
    if (const auto* array = value.if_array())
        return std::ranges::any_of(*array, has_double);
    if (const auto* object = value.if_object())
        return std::ranges::any_of(*object,
                                   [](const auto& member) { return has_double(member.value()); });
    return value.is_double();
}

void check_base64(const std::string& text) {
    const auto bytes = from_base64(text);
    if (!bytes)
        return;
    require(to_base64(*bytes) == text);
    Bytes theirs(text.size());
    const int length =
        EVP_DecodeBlock(theirs.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
    const auto pads = text.size() - std::min(text.find('='), text.size());
    require(length >= 0 && static_cast<std::size_t>(length) == bytes->size() + pads);
    theirs.resize(bytes->size());
    require(theirs == *bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const BytesView bytes(data, size);
    check_utf8(text);
    check_shown(text);
    check_base64(text);
    require(from_base64(to_base64(bytes)).value() == Bytes(data, data + size));
    require(from_hex(to_hex(bytes)).value() == Bytes(data, data + size));
    if (const auto read = from_hex(text))
        require(read->size() * 2 == size);
    if (const auto pcr = parse_pcr(text))
        require(to_hex(*pcr).size() == 96);
    static_cast<void>(nsm::decode_text_form(bytes));
    static_cast<void>(nsm::has_other_lines(bytes));
    static_cast<void>(parse_duration(text));
    if (const auto time = parse_time(text))
        require(parse_time(format_time(*time)).has_value());
    const std::vector<std::string> lines = sandbox::read_init_lines(text);
    require(lines.size() == lines_of(text).size() - (text.empty() || text.back() == '\n' ? 1 : 0));
    const ProgramHead head = read_program_head(bytes);
    static_cast<void>(explain_program_head(
        head, "/app", [](const std::string&) { return false; }, "here"));
    if (const auto value = read_json(text)) {
        const std::string written = json_text(*value);
        const auto again = read_json(written);
        require(again.has_value());
        require(has_double(*value) || *again == *value);
    }
    return 0;
}
