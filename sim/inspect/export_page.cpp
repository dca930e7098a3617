// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/export_page.h"

#include <fmt/core.h>

#include <set>
#include <string_view>

#include "core/base/base64.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/crypto/hash.h"
#include "sim/inspect/assets.h"
#include "sim/inspect/event_text.h"

namespace glovebox::inspect {
namespace {

constexpr std::size_t events_at_once = 10'000;

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
std::string inert(std::string_view text) {
    std::string out;
    for (const char one : text)
        out += one == '<' ? std::string("\\u003c") : std::string(1, one);
    return out;
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

std::string export_page(const Subject& subject) {
    std::string events;
    std::string decisions;
    std::set<std::string> known;
    const auto reader = subject.events();
    for (auto lines = reader->next(events_at_once); lines && !lines->empty();
         lines = reader->next(events_at_once))
        for (const std::string& line : *lines) {
            events += (events.empty() ? "" : ",\n") + line;
            const std::string id = refused_request(line);
            if (id.empty() || !known.insert(id).second)
                continue;
            if (const auto decision = subject.decision(id))
                decisions += fmt::format("{}{}: {}", decisions.empty() ? "" : ",\n", json_quote(id),
                                         json_text(*decision));
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
        if (const auto at = page.find(element); at != page.npos)
            page.replace(at, element.size(), by);
    };
    replace("<meta name=\"policy\">",
            fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy));
    replace("<link rel=\"stylesheet\" href=\"inspector.css\">",
            fmt::format("<style>{}</style>", style));
    replace("<script type=\"module\" src=\"inspector.js\"></script>",
            fmt::format("<script type=\"application/json\" id=\"run\">{{\"events\": [{}], "
                        "\"decisions\": {{{}}}}}</script>\n<script type=\"module\">{}</script>",
                        inert(events), inert(decisions), script));
    return page;
}

}  // namespace glovebox::inspect
