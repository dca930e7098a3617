// SPDX-License-Identifier: Apache-2.0

#include "sim/yaml/yaml_map.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/base/json_text.h"
#include "core/base/nearest_name.h"
#include "core/base/printable.h"

namespace glovebox::yaml {
namespace {

// People correct a few mistakes at a time.
constexpr std::size_t mistakes_max = 20;

std::string scalar(const YAML::Node& node) {
    return node.IsScalar() ? node.Scalar() : "";
}

std::optional<std::int64_t> parse_integer(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// An unquoted scalar has the type that YAML 1.2's core schema gives it.
std::string scalar_to_json(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool plain = node.Tag() == "?";
    if (plain && (text == "true" || text == "false" || text == "null"))
        return text;
    // A number with leading zeros is a text: an account ID may begin with them.
    if (plain && parse_integer(text) &&
        (text == "0" || text.find_first_not_of('-') != text.find('0')))
        return text;
    return json_quote(text);
}

// The budget of read_yaml() limits its depth and its size.
std::string to_json(const YAML::Node& node) {
    if (node.IsScalar())
        return scalar_to_json(node);
    if (!node.IsMap() && !node.IsSequence())
        return "null";
    std::string out;
    for (const auto& element : node) {
        if (!out.empty())
            out += ", ";
        if (node.IsMap())
            out += json_quote(scalar(element.first)) + ": ";
        out += to_json(node.IsMap() ? element.second : element);
    }
    return node.IsMap() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace

struct Document::State {
    std::string name;
    YAML::Node top;
    Expand expand;
    std::vector<std::string> mistakes;
    std::size_t more_mistakes = 0;

    void note(const YAML::Mark& mark, std::string_view sentence) {
        if (mistakes.size() == mistakes_max)
            ++more_mistakes;
        else
            mistakes.push_back(
                fmt::format("{}:{}: {}", name, line_and_column(mark), printable(sentence)));
    }
};

struct Map::State {
    State(std::shared_ptr<Document::State> file, YAML::Node map)
        : document(std::move(file)), node(std::move(map)) {
        if (node.IsMap())
            for (const auto& entry : node)
                if (entry.first.IsScalar())
                    members.emplace(entry.first.Scalar(), entry.second);
    }

    std::shared_ptr<Document::State> document;
    YAML::Node node;
    std::map<std::string, YAML::Node, std::less<>> members;  // yaml-cpp's own search is linear
    std::set<std::string, std::less<>> asked;
    std::set<std::string, std::less<>> doubtful;
    struct Missing {
        std::vector<std::string> names;
        std::string sentence;
    };
    std::vector<Missing> missing;  // until refuse_unknown()
    bool has_refused_unknown = false;

    // The value of `name`, or empty. Notes that it was asked for.
    std::optional<YAML::Node> find(std::string_view name) {
        asked.emplace(name);
        return look(name);
    }
    std::optional<YAML::Node> look(std::string_view name) const {
        const auto found = members.find(name);
        return found == members.end() ? std::nullopt : std::optional(found->second);
    }
    // The scalar's meaning. If it has none, notes a mistake and returns empty.
    std::optional<std::string> text_of(const YAML::Node& value, std::string_view name) {
        if (!document->expand)
            return value.Scalar();
        auto text = document->expand(value.Scalar());
        if (text)
            return std::move(*text);
        doubtful.emplace(name);
        document->note(value.Mark(), fmt::format("{}: {}", name, text.error().message));
        return std::nullopt;
    }
    void expected(const YAML::Node& value, std::string_view name, std::string_view what) {
        doubtful.emplace(name);
        document->note(value.Mark(), fmt::format("{}: {} was expected", name, what));
    }
    void note(std::string_view name, std::string_view sentence) const {
        const auto value = look(name);
        document->note(value ? value->Mark() : node.Mark(), fmt::format("{}: {}", name, sentence));
    }
    void note(const Missing& one) const {
        if (std::none_of(one.names.begin(), one.names.end(),
                         [&](const std::string& name) { return doubtful.contains(name); }))
            note(one.names.front(), one.sentence);
    }
    // What an unknown member seems to be: a known one that is not here.
    std::string_view meant_by(std::string_view unknown) const {
        std::vector<std::string_view> absent;
        for (const std::string& name : asked)
            if (!look(name))
                absent.push_back(name);
        return nearest(unknown, absent);
    }
};

bool Map::has(std::string_view name) const {
    return state_->look(name).has_value();
}

bool Map::is_list(std::string_view name) const {
    const auto value = state_->look(name);
    return value && value->IsSequence();
}

std::optional<std::string> Map::text(std::string_view name) {
    const auto value = state_->find(name);
    if (!value)
        return std::nullopt;
    if (value->IsScalar())
        return state_->text_of(*value, name);
    state_->expected(*value, name, "a text");
    return std::nullopt;
}

std::string Map::required_text(std::string_view name) {
    if (!has(name))
        missing({name}, "missing");
    return text(name).value_or("");
}

std::optional<std::int64_t> Map::integer(std::string_view name, std::int64_t least,
                                         std::int64_t most) {
    const auto value = state_->find(name);
    if (!value)
        return std::nullopt;
    if (value->IsScalar()) {
        const auto text = state_->text_of(*value, name);
        if (!text)
            return std::nullopt;
        const auto number = parse_integer(*text);
        if (number && *number >= least && *number <= most)
            return number;
    }
    state_->expected(*value, name, fmt::format("a number from {} to {}", least, most));
    return std::nullopt;
}

std::optional<bool> Map::flag(std::string_view name) {
    const auto value = state_->find(name);
    if (!value)
        return std::nullopt;
    if (value->IsScalar()) {
        const auto text = state_->text_of(*value, name);
        if (!text)
            return std::nullopt;
        if (*text == "true" || *text == "false")
            return *text == "true";
    }
    state_->expected(*value, name, "true or false");
    return std::nullopt;
}

std::vector<std::string> Map::texts(std::string_view name) {
    const auto value = state_->find(name);
    std::vector<std::string> out;
    if (!value)
        return out;
    const auto add = [&](const YAML::Node& scalar) {
        if (auto text = state_->text_of(scalar, name))
            out.push_back(std::move(*text));
    };
    if (value->IsScalar()) {
        add(*value);
        return out;
    }
    if (!value->IsSequence()) {
        state_->expected(*value, name, "a list of texts");
        return out;
    }
    for (const auto& element : *value) {
        if (element.IsScalar())
            add(element);
        else
            state_->expected(element, name, "a text in this list");
    }
    return out;
}

std::optional<Map> Map::map(std::string_view name) {
    const auto value = state_->find(name);
    if (!value)
        return std::nullopt;
    if (value->IsMap() || value->IsNull())
        return Map(std::make_shared<State>(state_->document, *value));
    state_->expected(*value, name, "a map");
    return std::nullopt;
}

std::vector<Map> Map::maps(std::string_view name) {
    const auto value = state_->find(name);
    std::vector<Map> out;
    if (!value)
        return out;
    if (!value->IsSequence()) {
        state_->expected(*value, name, "a list of maps");
        return out;
    }
    for (const auto& element : *value) {
        if (element.IsMap())
            out.push_back(Map(std::make_shared<State>(state_->document, element)));
        else
            state_->expected(element, name, "a map in this list");
    }
    return out;
}

std::vector<std::pair<std::string, Map>> Map::named_maps(std::string_view name) {
    const auto value = state_->find(name);
    std::vector<std::pair<std::string, Map>> out;
    if (!value || value->IsNull())
        return out;
    if (!value->IsMap()) {
        state_->expected(*value, name, "a map of names");
        return out;
    }
    for (const auto& entry : *value) {
        const std::string key = scalar(entry.first);
        if (entry.second.IsMap() || entry.second.IsNull()) {
            out.emplace_back(key, Map(std::make_shared<State>(state_->document, entry.second)));
        } else {
            state_->doubtful.emplace(name);
            state_->document->note(entry.second.Mark(),
                                   fmt::format("{}: a map was expected", shown(key)));
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> Map::named_texts(std::string_view name) {
    const auto value = state_->find(name);
    std::vector<std::pair<std::string, std::string>> out;
    if (!value || value->IsNull())
        return out;
    if (!value->IsMap()) {
        state_->expected(*value, name, "a map of texts");
        return out;
    }
    for (const auto& entry : *value) {
        if (!entry.first.IsScalar() || !entry.second.IsScalar())
            state_->expected(entry.second, name, "a text in this map");
        else if (auto text = state_->text_of(entry.second, name))
            out.emplace_back(entry.first.Scalar(), std::move(*text));
    }
    return out;
}

std::optional<std::string> Map::json(std::string_view name) {
    const auto value = state_->find(name);
    if (!value)
        return std::nullopt;
    if (value->IsScalar())
        return value->Scalar();
    return to_json(*value);
}

void Map::mistake(std::string_view name, std::string_view sentence) {
    state_->note(name, sentence);
}

void Map::missing(std::vector<std::string_view> names, std::string_view sentence) {
    const State::Missing one{{names.begin(), names.end()}, std::string(sentence)};
    if (state_->has_refused_unknown)
        state_->note(one);
    else
        state_->missing.push_back(one);
}

bool Map::is_doubtful(std::string_view name) const {
    return state_->doubtful.contains(name);
}

void Map::refuse_unknown() {
    std::string known;
    for (const std::string& name : state_->asked)
        known += (known.empty() ? "" : ", ") + name;
    for (const auto& entry : state_->node) {
        const std::string key = scalar(entry.first);
        if (state_->asked.contains(key))
            continue;
        const std::string_view meant = state_->meant_by(key);
        if (!meant.empty())
            state_->doubtful.emplace(meant);
        state_->document->note(entry.first.Mark(),
                               fmt::format("\"{}\" is not known here: {}", shown(key),
                                           meant.empty() ? known + " may stand here"
                                                         : fmt::format("did you mean {}?", meant)));
    }
    state_->has_refused_unknown = true;
    for (const State::Missing& one : state_->missing)
        state_->note(one);
}

Result<Document> Document::parse(std::string_view text, std::string name, const YamlBudget& budget,
                                 Expand expand) {
    const auto refuse = [&](const YAML::Mark& mark, std::string_view sentence) {
        const std::string place = line_and_column(mark);
        return invalid_input(
            fmt::format("{}{}{}: {}", name, place.empty() ? "" : ":", place, sentence));
    };
    const auto [top, refusal] = read_yaml(text, budget);
    if (refusal)
        return refuse(refusal->mark, refusal->sentence);
    if (top.IsNull())
        return refuse(YAML::Mark::null_mark(),
                      "the file is empty, or has comments alone: a map was expected, KEY: VALUE in "
                      "each line");
    if (!top.IsMap())
        return refuse(top.Mark(), "a map was expected, KEY: VALUE in each line");
    auto state = std::make_shared<State>();
    state->name = std::move(name);
    state->top = top;
    state->expand = std::move(expand);
    return Document(std::move(state));
}

Map Document::top() const {
    return Map(std::make_shared<Map::State>(state_, state_->top));
}

std::string Document::json() const {
    return to_json(state_->top);
}

std::optional<Error> Document::error() const {
    if (state_->mistakes.empty())
        return std::nullopt;
    std::string all;
    for (const std::string& mistake : state_->mistakes)
        all += (all.empty() ? "" : "\n") + mistake;
    if (state_->more_mistakes > 0)
        all += fmt::format("\n{}: and {} more mistakes", state_->name, state_->more_mistakes);
    return invalid_input(std::move(all));
}

}  // namespace glovebox::yaml
