// SPDX-License-Identifier: Apache-2.0

#include "sim/up/annotations.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::size_t message_bytes_max = 2048;

std::string text_field(const LogLine& line, std::string_view name) {
    const auto found = std::find_if(line.fields.begin(), line.fields.end(),
                                    [&](const LogField& field) { return field.name == name; });
    return found != line.fields.end() && found->value.text() != nullptr ? *found->value.text() : "";
}

}  // namespace

void Annotations::add(Severity severity, const std::string& title, const std::string& message) {
    if (!is_on_)
        return;
    const std::string command =
        annotation_command(severity, shown(title), shown(message, message_bytes_max));
    const std::lock_guard lock(mutex_);
    if (written_.size() < annotations_max && written_.insert(command).second)
        static_cast<void>(lines_.append("\n" + command));
}

void Annotations::begin_group(const std::string& title) {
    if (!is_on_)
        return;
    end_group();
    is_in_group_ = true;
    static_cast<void>(lines_.append("\n" + group_command(printable(title))));
}

void Annotations::end_group() {
    if (is_in_group_)
        static_cast<void>(lines_.append(end_group_command));
    is_in_group_ = false;
}

void AnnotatedLog::write(const LogLine& line) {
    log_.write(line);
    const std::string request = text_field(line, "request");
    // A probe such as curl's "GET /" asks for no operation.
    const bool is_operation = !request.empty() && request.find('/') == std::string::npos;
    if (is_operation && (line.event == "refused" || line.event == "failed"))
        annotations_.add(Severity::warning, fmt::format("KMS {} {}", line.event, request),
                         line.message);
}

}  // namespace glovebox::up
