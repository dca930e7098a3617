// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/metadata.h"

#include <fmt/core.h>

#include <boost/json.hpp>

#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

Error bad_metadata(std::string sentence) {
    return Error(EifError::bad_metadata, "metadata section: " + std::move(sentence));
}

Result<std::string> string_member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr)
        return bad_metadata(fmt::format("missing field \"{}\"", key));
    if (!value->is_string())
        return bad_metadata(fmt::format("\"{}\" is not a string", key));
    return std::string(value->get_string());
}

Result<json::value> any_member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr)
        return bad_metadata(
            fmt::format("missing field \"{}\" (AWS's reader wants it, null at least)", key));
    return *value;
}

}  // namespace

std::string Metadata::encode() const {
    json::object object;
    object["ImageName"] = image_name;
    object["ImageVersion"] = image_version;
    json::object build;
    build["BuildTime"] = build_time;
    build["BuildTool"] = build_tool;
    build["BuildToolVersion"] = build_tool_version;
    build["OperatingSystem"] = operating_system;
    build["KernelVersion"] = kernel_version;
    object["BuildMetadata"] = std::move(build);
    object["DockerInfo"] = sorted_keys(docker_info);
    object["CustomMetadata"] = sorted_keys(custom);
    return compact_json(object);
}

Result<Metadata> Metadata::decode(BytesView bytes) {
    const auto value = read_json(as_text(bytes), json_budget);
    if (!value)
        return bad_metadata(value.error().message);
    if (!value->is_object())
        return bad_metadata("not a JSON object");
    const json::object& object = value->get_object();
    const auto* build_value = object.if_contains("BuildMetadata");
    if (build_value == nullptr || !build_value->is_object())
        return bad_metadata("no object \"BuildMetadata\"");
    const json::object& build = build_value->get_object();

    Metadata metadata;
    const auto read = [](std::string& into, const json::object& from,
                         std::string_view key) -> Result<void> {
        auto text = string_member(from, key);
        if (!text)
            return text.error();
        into = std::move(*text);
        return {};
    };
    for (const auto& [into, from, key] :
         {std::tuple{&metadata.image_name, &object, "ImageName"},
          std::tuple{&metadata.image_version, &object, "ImageVersion"},
          std::tuple{&metadata.build_time, &build, "BuildTime"},
          std::tuple{&metadata.build_tool, &build, "BuildTool"},
          std::tuple{&metadata.build_tool_version, &build, "BuildToolVersion"},
          std::tuple{&metadata.operating_system, &build, "OperatingSystem"},
          std::tuple{&metadata.kernel_version, &build, "KernelVersion"}})
        if (const auto done = read(*into, *from, key); !done)
            return done.error();
    auto docker = any_member(object, "DockerInfo");
    if (!docker)
        return docker.error();
    metadata.docker_info = std::move(*docker);
    auto custom = any_member(object, "CustomMetadata");
    if (!custom)
        return custom.error();
    metadata.custom = std::move(*custom);
    return metadata;
}

std::vector<std::string> repeated_keys(const Metadata& metadata) {
    std::vector<std::string> keys;
    if (const json::object* custom = metadata.custom.if_object())
        for (const char* key : {"BuildTime", "BuildTool", "BuildToolVersion", "OperatingSystem",
                                "KernelVersion", "DockerInfo"})
            if (custom->contains(key))
                keys.emplace_back(key);
    return keys;
}

Result<json::value> parse_custom_metadata(std::string_view text) {
    if (text.size() > custom_metadata_size_max)
        return Error(EifError::invalid_input,
                     fmt::format("custom metadata has {} bytes: {} at most", text.size(),
                                 custom_metadata_size_max));
    auto value = read_json(text, json_budget);
    if (!value)
        return Error(EifError::invalid_input, "custom metadata: " + value.error().message);
    if (!value->is_object())
        return Error(EifError::invalid_input,
                     "custom metadata has to be a JSON object: nitro-cli can't describe an image "
                     "with any other");
    return value;
}

}  // namespace glovebox::eif
