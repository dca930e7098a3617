// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/archive/container_config.h"

#include <fmt/core.h>

#include <boost/json.hpp>

#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

Error bad_config(std::string sentence) {
    return Error(EifError::bad_archive, "image config: " + std::move(sentence));
}

// Absent or null, or an array of strings.
Result<std::optional<std::vector<std::string>>> strings(const json::object& object,
                                                        std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || value->is_null())
        return std::optional<std::vector<std::string>>();
    const auto* array = value->if_array();
    if (array == nullptr)
        return bad_config(fmt::format("\"{}\" is not an array of strings", key));
    std::vector<std::string> items;
    for (const auto& element : *array) {
        if (!element.is_string())
            return bad_config(fmt::format("\"{}\" is not an array of strings", key));
        items.emplace_back(element.get_string());
    }
    return std::optional(std::move(items));
}

std::string string_or_empty(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

}  // namespace

Result<ContainerConfig> ContainerConfig::parse(std::string_view text) {
    auto value = read_json(text, json_budget);
    if (!value)
        return bad_config(value.error().message);
    if (!value->is_object())
        return bad_config("not a JSON object");
    ContainerConfig result;
    result.json = std::move(*value);
    const json::object& object = result.json.get_object();
    result.architecture = string_or_empty(object, "architecture");

    static const json::object nothing;
    const auto* config = object.if_contains("config");
    const json::object& run =
        config != nullptr && config->is_object() ? config->get_object() : nothing;
    for (const auto& [into, key] :
         {std::pair{&result.cmd, "Cmd"}, std::pair{&result.entrypoint, "Entrypoint"},
          std::pair{&result.env, "Env"}}) {
        auto items = strings(run, key);
        if (!items)
            return items.error();
        *into = std::move(*items);
    }
    result.working_dir = string_or_empty(run, "WorkingDir");
    result.user = string_or_empty(run, "User");

    const auto* rootfs = object.if_contains("rootfs");
    if (rootfs == nullptr || !rootfs->is_object())
        return bad_config("no \"rootfs\" with the layers' diff_ids");
    auto diff_ids = strings(rootfs->get_object(), "diff_ids");
    if (!diff_ids)
        return diff_ids.error();
    result.diff_ids = std::move(*diff_ids).value_or(std::vector<std::string>());
    return result;
}

Result<Architecture> ContainerConfig::eif_architecture() const {
    if (architecture == "amd64")
        return Architecture::x86_64;
    if (architecture == "arm64")
        return Architecture::aarch64;
    return Error(
        EifError::unsupported,
        fmt::format("the image is for \"{}\": enclaves run amd64 and arm64 images", architecture));
}

}  // namespace glovebox::eif
