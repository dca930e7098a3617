// SPDX-License-Identifier: Apache-2.0

#include "sim/up/schema.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "core/base/json_text.h"
#include "sim/up/world_keys.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

// A value that stands for itself, or has a variable in it.
json::object or_variable(json::object plain) {
    return {{"anyOf", {std::move(plain), {{"type", "string"}, {"pattern", "\\$"}}}}};
}

// A YAML scalar that is read as a text.
json::object scalar() {
    return {{"type", {"string", "number", "boolean"}}};
}

json::object list_or_one() {
    return {{"anyOf", {scalar(), {{"type", "array"}, {"items", scalar()}}}}};
}

json::object choice(const KeyFacts& key) {
    json::array values;
    for (const std::string_view value : key.choices)
        values.emplace_back(value);
    return or_variable({{"enum", std::move(values)}});
}

json::object properties_of(const SectionFacts& section);

// true, or a list of maps.
json::object fault_plan() {
    const json::object one{{"type", "object"},
                           {"properties", properties_of(planned_fault())},
                           {"required", {"fault"}},
                           {"additionalProperties", false}};
    return {{"anyOf", {or_variable({{"type", "boolean"}}), {{"type", "array"}, {"items", one}}}}};
}

json::object value_of(const KeyFacts& key) {
    switch (key.form) {
        case Form::choice:
            return choice(key);
        case Form::duration:
            return {{"type", "string"}};
        case Form::number:
            return or_variable(
                {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}});
        case Form::flag:
            return or_variable({{"type", "boolean"}});
        case Form::texts:
        case Form::files:
        case Form::words:
            return list_or_one();
        case Form::faults:
            return fault_plan();
        case Form::variables:
            return {{"type", "object"}, {"additionalProperties", scalar()}};
        case Form::text:
        case Form::file:
        case Form::new_file:
            break;
    }
    return scalar();
}

json::object properties_of(const SectionFacts& section) {
    json::object properties;
    for (const KeyFacts& key : section.keys) {
        json::object property = value_of(key);
        property["description"] = fmt::format(
            "{}.{}", key.summary,
            key.default_note.empty() ? "" : fmt::format(" Default: {}.", key.default_note));
        properties[key.name] = std::move(property);
    }
    return properties;
}

// A map of these members and no others; a section that is empty (`kms:`) is null.
json::object map_of(json::object properties) {
    return {{"type", {"object", "null"}},
            {"properties", std::move(properties)},
            {"additionalProperties", false}};
}

}  // namespace

std::string world_schema() {
    const auto sections = world_sections();
    json::object top = properties_of(sections.front());
    for (const SectionFacts& section : sections) {
        if (section.name.empty())
            continue;
        json::object map = map_of(properties_of(section));
        if (section.has_parts)
            map = {{"type", {"object", "null"}}, {"additionalProperties", std::move(map)}};
        map["description"] = fmt::format("{}.", section.summary);
        top[section.name] = std::move(map);
    }
    json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                        {"title", "A world of glovebox up"}};
    schema["type"] = "object";
    schema["properties"] = std::move(top);
    schema["additionalProperties"] = false;
    return json_document(schema);
}

}  // namespace glovebox::up
