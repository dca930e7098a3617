// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/export_page.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "core/base/base64.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/crypto/hash.h"
#include "sim/inspect/assets.h"
#include "sim/inspect/event_text.h"

namespace glovebox::inspect {
namespace {

constexpr std::size_t events_of_a_piece = 500;

// A module without its lines "import ..." and the word "export": in one script, one name means the
// same everywhere. A module imports by names alone, an import a line.
std::string without_imports(std::string_view module) {
    std::string script;
    while (!module.empty()) {
        const auto end = module.find('\n');
        std::string_view line = module.substr(0, end);
        module = end == module.npos ? "" : module.substr(end + 1);
        if (line.starts_with("import "))
            continue;
        if (line.starts_with("export "))
            line.remove_prefix(std::string_view("export ").size());
        script.append(line).append("\n");
    }
    return script;
}

std::string hash_source(std::string_view text) {
    return fmt::format("'sha256-{}'", to_base64(hash_of(HashAlgorithm::sha256, {as_bytes(text)})));
}

// JSON in a script element: nothing in it may end the element or begin another one.
void append_inert(std::string& out, std::string_view text) {
    for (auto at = text.find('<'); at != text.npos; at = text.find('<')) {
        out.append(text.substr(0, at)).append("\\u003c");
        text.remove_prefix(at + 1);
    }
    out.append(text);
}

// What of this JSON line is a request to the KMS that was refused: its ID, or nothing.
std::string refused_request(const std::string& line) {
    if (line.find("\"request_id\"") == line.npos || line.find("\"error\"") == line.npos)
        return {};
    const auto event = read_json(line);
    return event && event->is_object() ? event_text(event->get_object(), "request_id")
                                       : std::string();
}

}  // namespace

ExportPage::ExportPage(const Subject& subject) : subject_(subject), reader_(subject.events()) {}

std::optional<std::string> ExportPage::next() {
    switch (step_) {
        case Step::head:
            break;
        case Step::events:
            return events_piece();
        case Step::decisions:
            return decision_piece();
        case Step::done:
            return std::nullopt;
    }
    std::string script;
    for (const Asset& asset : assets())
        if (asset.name.ends_with(".js"))
            script += without_imports(asset.content);
    const std::string_view style = find_asset("inspector.css")->content;
    const std::string policy = fmt::format(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri "
        "'none'; form-action 'none'",
        hash_source(script), hash_source(style));

    std::string page(find_asset("index.html")->content);
    const auto replace = [&](std::string_view element, const std::string& by) {
        const auto at = page.find(element);
        if (at != page.npos)
            page.replace(at, element.size(), by);
        return at;
    };
    replace("<meta name=\"policy\">",
            fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy));
    replace("<link rel=\"stylesheet\" href=\"inspector.css\">",
            fmt::format("<style>{}</style>", style));
    const auto run = replace("<script type=\"module\" src=\"inspector.js\"></script>", "");
    behind_ = fmt::format("}}}}</script>\n<script type=\"module\">{}</script>{}", script,
                          std::string_view(page).substr(run));
    page.resize(run);
    step_ = Step::events;
    return page + "<script type=\"application/json\" id=\"run\">{\"events\": [";
}

std::string ExportPage::events_piece() {
    std::string piece;
    const auto lines = reader_->next(events_of_a_piece);
    if (!lines || lines->empty()) {
        step_ = Step::decisions;
        is_first_ = true;
        return "], \"decisions\": {";
    }
    for (const std::string& line : *lines) {
        piece += std::exchange(is_first_, false) ? "" : ",\n";
        append_inert(piece, line);
        std::string id = refused_request(line);
        if (!id.empty() && known_.insert(id).second)
            wanted_.push_back(std::move(id));
    }
    return piece;
}

std::string ExportPage::decision_piece() {
    while (!wanted_.empty()) {
        const std::string id = std::move(wanted_.front());
        wanted_.pop_front();
        const auto decision = subject_.decision(id);
        if (!decision)
            continue;
        std::string piece = std::exchange(is_first_, false) ? "" : ",\n";
        append_inert(piece, json_quote(id) + ": " + json_text(*decision));
        return piece;
    }
    step_ = Step::done;
    return std::move(behind_);
}

}  // namespace glovebox::inspect
