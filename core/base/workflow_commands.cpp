// SPDX-License-Identifier: Apache-2.0

#include "core/base/workflow_commands.h"

#include <fmt/core.h>

#include <cstdlib>

namespace glovebox {
namespace {

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::notice:
            return "notice";
        case Severity::warning:
            return "warning";
        case Severity::error:
            break;
    }
    return "error";
}

// A message's escapes; those of a property, such as the title, are more.
std::string escaped(std::string_view text, bool is_property) {
    std::string out;
    for (const char one : text) {
        if (one == '%' || one == '\r' || one == '\n' || (is_property && (one == ':' || one == ',')))
            out += fmt::format("%{:02X}", static_cast<unsigned>(one));
        else
            out += one;
    }
    return out;
}

// What can stand before a command: blanks of ASCII, and bytes of characters beyond ASCII, some of
// which are blanks too.
bool may_be_blank(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value <= ' ' || value >= 0x7f;
}

}  // namespace

bool is_workflow_step() {
    const char* const value = std::getenv("GITHUB_ACTIONS");
    return value != nullptr && std::string_view(value) == "true";
}

std::string InertText::pass(std::string_view piece) {
    std::string out;
    out.reserve(piece.size());
    for (const char one : piece) {
        if (one == '\n' || one == '\r') {
            hashes_ = 0;
            colons_ = 0;
            is_blank_ = true;
            out += one;
            continue;
        }
        const bool is_command =
            (one == '[' && hashes_ >= 2) || (one == ':' && is_blank_ && colons_ == 1);
        hashes_ = one == '#' ? hashes_ + 1 : 0;
        colons_ = one == ':' ? colons_ + 1 : 0;
        // The first colon may still begin a command.
        is_blank_ = is_blank_ && (may_be_blank(one) || (one == ':' && colons_ == 1));
        if (!is_command)
            out += one;
        else
            out += fmt::format("\\{}{:x}", form_ == Form::json ? "u00" : "x",
                               static_cast<unsigned>(one));
    }
    return out;
}

std::string inert(std::string_view line, InertText::Form form) {
    return InertText(form).pass(line);
}

std::string annotation_command(Severity severity, std::string_view title,
                               std::string_view message) {
    return fmt::format("::{} title={}::{}", name_of(severity), escaped(title, true),
                       escaped(message, false));
}

std::string group_command(std::string_view title) {
    return "::group::" + escaped(title, false);
}

}  // namespace glovebox
