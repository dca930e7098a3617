// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/archive/archive_manifest.h"

#include <fmt/core.h>

#include <boost/json.hpp>

#include "core/crypto/hash.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

constexpr int index_depth_max = 4;
constexpr int manifest_links_max = 8;
constexpr std::string_view sha256_prefix = "sha256:";

Error bad_manifest(std::string sentence) {
    return Error(EifError::bad_archive, std::move(sentence));
}

Result<std::string> document(const ArchiveIndex& index, const std::string& name) {
    const auto found = index.documents.find(index.real_name(name));
    if (found == index.documents.end())
        return bad_manifest(
            fmt::format("{} is not in the archive, or is not JSON: is it whole?", name));
    return found->second;
}

Result<json::value> parsed(const std::string& name, const std::string& text) {
    auto value = read_json(text, json_budget);
    if (!value)
        return bad_manifest(fmt::format("{}: {}", name, value.error().message));
    return value;
}

Result<json::object> parsed_object(const std::string& name, const std::string& text) {
    auto value = parsed(name, text);
    if (!value)
        return value.error();
    if (!value->is_object())
        return bad_manifest(name + ": not a JSON object");
    return std::move(value->get_object());
}

std::string text_member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

const json::array* array_member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_array();
}

// The parts of an archive of docker save, from manifest.json.
Result<ImageParts> docker_parts(const ArchiveIndex& index) {
    const auto text = document(index, "manifest.json");
    if (!text)
        return text.error();
    const auto manifest = parsed("manifest.json", *text);
    if (!manifest)
        return manifest.error();
    const auto* images = manifest->if_array();
    if (images == nullptr || images->empty() || !images->front().is_object())
        return bad_manifest("manifest.json: an array of images was expected");
    if (images->size() > 1)
        return bad_manifest(
            fmt::format("the archive holds {} images: save one alone", images->size()));
    const json::object& image = images->front().get_object();
    ImageParts parts;
    const std::string config_name = text_member(image, "Config");
    auto config = document(index, config_name);
    if (!config)
        return Error(config.error()).in("manifest.json, \"Config\"");
    parts.config = std::move(*config);
    const auto* layers = array_member(image, "Layers");
    if (layers == nullptr)
        return bad_manifest("manifest.json: no \"Layers\"");
    for (const auto& layer : *layers) {
        if (!layer.is_string())
            return bad_manifest("manifest.json: \"Layers\" is not an array of strings");
        parts.layers.emplace_back(layer.get_string());
        parts.layer_digests.emplace_back();
    }
    if (const auto* tags = array_member(image, "RepoTags"))
        for (const auto& tag : *tags)
            if (tag.is_string())
                parts.repo_tags.emplace_back(tag.get_string());
    return parts;
}

Result<std::string> blob_name(const json::object& descriptor) {
    auto digits = sha256_digits(text_member(descriptor, "digest"));
    if (!digits)
        return digits.error();
    return "blobs/sha256/" + *digits;
}

// A JSON blob whose digest is the one that its descriptor states.
Result<std::string> checked_document(const ArchiveIndex& index, const json::object& descriptor) {
    const auto name = blob_name(descriptor);
    if (!name)
        return name.error();
    auto text = document(index, *name);
    if (!text)
        return text.error();
    const std::string stated = text_member(descriptor, "digest").substr(sha256_prefix.size());
    if (const std::string found = sha256_hex(as_bytes(*text)); found != stated)
        return wrong_digest(*name, stated, found);
    return text;
}

std::string_view platform_name(Architecture architecture) {
    return architecture == Architecture::x86_64 ? "amd64" : "arm64";
}

// Chooses one manifest's descriptor from an index: the only one, or the one for the architecture.
Result<json::object> choose(const json::object& index_json, std::optional<Architecture> wanted) {
    const auto* manifests = array_member(index_json, "manifests");
    if (manifests == nullptr)
        return bad_manifest("index.json: no \"manifests\"");
    std::vector<const json::object*> candidates;
    std::string platforms;
    for (const auto& each : *manifests) {
        if (!each.is_object())
            return bad_manifest("index.json: a manifest that is not an object");
        const json::object& descriptor = each.get_object();
        const auto* platform = descriptor.if_contains("platform");
        if (platform != nullptr && platform->is_object()) {
            const std::string os = text_member(platform->get_object(), "os");
            const std::string architecture = text_member(platform->get_object(), "architecture");
            // BuildKit stores its attestations as images for the platform "unknown".
            if (os == "unknown")
                continue;
            platforms += fmt::format("{}{}/{}", platforms.empty() ? "" : ", ", os, architecture);
            if (wanted && (os != "linux" || architecture != platform_name(*wanted)))
                continue;
        }
        candidates.push_back(&descriptor);
    }
    if (candidates.empty())
        return bad_manifest(wanted && !platforms.empty()
                                ? fmt::format("the archive has no image for {}; it has {}",
                                              to_string(*wanted), platforms)
                                : "the archive holds no image");
    if (candidates.size() > 1)
        return bad_manifest(
            fmt::format("the archive holds {} images{}: save one alone, or choose with --arch",
                        candidates.size(), platforms.empty() ? "" : " (" + platforms + ")"));
    return *candidates.front();
}

// The parts of an OCI archive, from index.json.
Result<ImageParts> oci_parts(const ArchiveIndex& index, std::optional<Architecture> wanted) {
    const auto text = document(index, "index.json");
    if (!text)
        return text.error();
    auto node = parsed_object("index.json", *text);
    if (!node)
        return node.error();
    ImageParts parts;
    // An index may name another index (several platforms) before it comes to a manifest.
    for (int depth = 0; node->if_contains("manifests") != nullptr; ++depth) {
        if (depth == index_depth_max)
            return bad_manifest("index.json: indexes nest too deep");
        const auto descriptor = choose(*node, wanted);
        if (!descriptor)
            return descriptor.error();
        if (const auto* annotations = descriptor->if_contains("annotations");
            annotations != nullptr && annotations->is_object() && parts.repo_tags.empty()) {
            std::string name = text_member(annotations->get_object(), "io.containerd.image.name");
            if (name.empty())
                name = text_member(annotations->get_object(), "org.opencontainers.image.ref.name");
            if (!name.empty())
                parts.repo_tags.push_back(std::move(name));
        }
        const auto blob = checked_document(index, *descriptor);
        if (!blob)
            return blob.error();
        node = parsed_object("image manifest", *blob);
        if (!node)
            return node.error();
    }
    const auto* config = node->if_contains("config");
    if (config == nullptr || !config->is_object())
        return bad_manifest("image manifest: no \"config\"");
    auto config_text = checked_document(index, config->get_object());
    if (!config_text)
        return config_text.error();
    parts.config = std::move(*config_text);
    const auto* layers = array_member(*node, "layers");
    if (layers == nullptr)
        return bad_manifest("image manifest: no \"layers\"");
    for (const auto& layer : *layers) {
        if (!layer.is_object())
            return bad_manifest("image manifest: a layer that is not an object");
        const auto name = blob_name(layer.get_object());
        if (!name)
            return name.error();
        parts.layers.push_back(*name);
        parts.layer_digests.push_back(name->substr(name->rfind('/') + 1));
    }
    return parts;
}

}  // namespace

std::string ArchiveIndex::real_name(std::string name) const {
    for (int hops = 0; hops < manifest_links_max; ++hops) {
        const auto found = links.find(name);
        if (found == links.end())
            break;
        name = found->second;
    }
    return name;
}

Result<ImageParts> find_parts(const ArchiveIndex& index, std::optional<Architecture> wanted) {
    if (index.documents.contains("manifest.json"))
        return docker_parts(index);
    if (index.documents.contains("index.json"))
        return oci_parts(index, wanted);
    return bad_manifest(
        "neither manifest.json (docker save) nor index.json (OCI) is in it: make the archive with "
        "docker save or skopeo copy ... oci-archive:FILE");
}

// "sha256:<64 hex digits>" -> its digits.
Result<std::string> sha256_digits(const std::string& digest) {
    constexpr std::size_t digits = 64;
    const bool good =
        digest.starts_with(sha256_prefix) && digest.size() == sha256_prefix.size() + digits &&
        digest.find_first_not_of("0123456789abcdef", sha256_prefix.size()) == std::string::npos;
    if (!good)
        return bad_manifest(
            fmt::format("digest \"{}\": sha256: and 64 hexadecimal digits were expected",
                        digest.substr(0, 80)));
    return digest.substr(sha256_prefix.size());
}

Error wrong_digest(const std::string& name, const std::string& stated, const std::string& found) {
    return bad_manifest(
        fmt::format("{} is damaged: its SHA-256 is {} and {} was stated", name, found, stated));
}

}  // namespace glovebox::eif
