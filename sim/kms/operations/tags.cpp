// SPDX-License-Identifier: Apache-2.0

// ListResourceTags, TagResource, UntagResource.
#include "sim/kms/operations/tags.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "core/base/ascii.h"
#include "core/base/printable.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/paging.h"
#include "sim/kms/tag_character.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr std::size_t tags_max = 50;
constexpr Range tag_name_length{1, 128};
constexpr Range tag_value_length{0, 256};

constexpr std::string_view reserved = "aws:";

}  // namespace

Answer<Tags> read_tags(Input& input) {
    Tags tags;
    const auto* list = input.array("Tags");
    if (list == nullptr)
        return tags;
    std::size_t number = 0;
    for (const json::value& element : *list) {
        ++number;
        if (!element.is_object())
            return api_error("SerializationException", "Tags: a list of objects was expected");
        Input tag(element.get_object(), fmt::format("tags.{}.member.", number));
        const std::string name = tag.required_text("TagKey", tag_name_length);
        const std::string value = tag.required_text("TagValue", tag_value_length);
        input.include(tag);
        if (equals_ignoring_case(std::string_view(name).substr(0, reserved.size()), reserved))
            return api_error("TagException", "Tags beginning with aws: are reserved");
        for (const std::string& text : {name, value})
            if (!has_tag_characters_alone(text))
                return api_error("TagException",
                                 "The request was rejected because one or more tags are not valid.",
                                 fmt::format("{} has a character other than letters, numbers, "
                                             "spaces and _ . / = + - : @",
                                             in_quotes(text)));
        if (!tags.emplace(name, value).second)
            return api_error("TagException", "Duplicate tag keys");
    }
    return tags;
}

Answer<void> check_number(const Tags& tags) {
    if (tags.size() > tags_max)
        return api_error("TagException", "Too many tags");
    return {};
}

json::array to_array(const Tags& tags) {
    json::array list;
    for (const auto& [name, value] : tags)
        list.push_back(json::object{{"TagKey", name}, {"TagValue", value}});
    return list;
}

Answer<json::object> list_resource_tags(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const auto page = read_page(call, input, Range{1, 50}, 50);
    if (!page)
        return page.error();
    const auto named =
        find_allowed_key(env, call, reference, Naming::not_alias, context_of(env, call));
    if (!named)
        return named.error();
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& tag : named->key.tags)
        if (tag.first > page->after && rows.size() <= page->limit)
            rows.push_back(tag);
    json::object output;
    finish_page(rows, *page, output, [](const auto& tag) { return tag.first; });
    output["Tags"] = to_array(Tags(rows.begin(), rows.end()));
    return output;
}

Answer<json::object> tag_resource(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    input.require("Tags");
    const auto tags = read_tags(input);
    if (auto error = input.error())
        return *error;
    if (!tags)
        return tags.error();
    policy::RequestContext context = context_of(env, call);
    add_request_tags(context, *tags);
    const auto named =
        find_allowed_key(env, call, reference, Naming::not_alias, std::move(context));
    if (!named)
        return named.error();
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    Tags all = *tags;
    all.insert(named->key.tags.begin(), named->key.tags.end());
    if (auto fits = check_number(all); !fits)
        return fits.error();
    if (auto set = env.keys.set_tags(named->key.id, all); !set)
        return storage_error(set.error());
    return json::object();
}

Answer<json::object> untag_resource(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    input.require("TagKeys");
    const std::vector<std::string> names =
        input.texts("TagKeys", Range{1, tags_max}, tag_name_length);
    if (auto error = input.error())
        return *error;
    policy::RequestContext context = context_of(env, call);
    context.set("aws:TagKeys", names);
    const auto named =
        find_allowed_key(env, call, reference, Naming::not_alias, std::move(context));
    if (!named)
        return named.error();
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    Tags rest = named->key.tags;
    for (const std::string& name : names)
        rest.erase(name);
    if (auto set = env.keys.set_tags(named->key.id, rest); !set)
        return storage_error(set.error());
    return json::object();
}

}  // namespace glovebox::kms
