#include "sim/eif/image_archive.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <set>

#include "sim/eif/archive_reader.h"
#include "sim/eif/error.h"
#include "sim/eif/hash.h"
#include "sim/eif/layer.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

// Manifests and configs are a few kilobytes. What is larger than this, or more than that together,
// is none of them.
constexpr std::uint64_t document_size_max = 4 << 20;
constexpr std::uint64_t documents_size_max = 64 << 20;
constexpr std::size_t archive_entries_max = 100'000;
constexpr int index_depth_max = 4;
constexpr std::string_view sha256_prefix = "sha256:";

Error bad(std::string sentence) {
    return Error(EifError::bad_archive, std::move(sentence));
}

// The archive's own files: the small JSON ones with their content, and names that stand for others
// (older docker save archives link equal layers to each other).
struct Index {
    std::map<std::string, std::string> documents;
    std::map<std::string, std::string> links;
    std::set<std::string> files;

    [[nodiscard]] std::string real_name(std::string name) const {
        for (int hops = 0; hops < 8; ++hops) {
            const auto found = links.find(name);
            if (found == links.end())
                return name;
            name = found->second;
        }
        return name;
    }
};

// "../abc/layer.tar" seen from "def/layer.tar".
std::optional<std::string> link_target(const std::string& path, const TarEntry& entry) {
    if (entry.type == TarEntry::Type::hard_link) {
        const auto target = canonical_path(entry.link_target);
        return target ? std::optional(*target) : std::nullopt;
    }
    const auto target =
        (std::filesystem::path(path).parent_path() / entry.link_target).lexically_normal();
    const auto canonical = canonical_path(target.string());
    return canonical ? std::optional(*canonical) : std::nullopt;
}

// Calls `visit(path, entry, content)` for each entry until it fails.
template <class Visit>
Result<void> for_each_entry(const OpenSource& open, Visit visit) {
    const auto source = open();
    if (!source)
        return source.error();
    const auto unpacked = Decompressor::open(**source);
    if (!unpacked)
        return unpacked.error();
    const auto reader = TarReader::open(**unpacked);
    if (!reader)
        return reader.error();
    for (std::size_t count = 0;; ++count) {
        const auto entry = (*reader)->next();
        if (!entry)
            return entry.error();
        if (!*entry)
            return {};
        if (count == archive_entries_max)
            return Error(EifError::limit_exceeded,
                         fmt::format("more than {} files in the archive", archive_entries_max));
        const auto path = canonical_path((*entry)->path);
        if (!path)
            return path.error();
        if (const auto visited = visit(*path, **entry, (*reader)->content()); !visited)
            return visited.error();
    }
}

Result<Index> read_index(const OpenSource& open) {
    Index index;
    std::uint64_t documents_size = 0;
    const auto visit = [&](const std::string& path, const TarEntry& entry,
                           ByteSource& content) -> Result<void> {
        if (entry.type == TarEntry::Type::symlink || entry.type == TarEntry::Type::hard_link) {
            if (auto target = link_target(path, entry))
                index.links[path] = std::move(*target);
            return {};
        }
        if (entry.type != TarEntry::Type::file)
            return {};
        index.files.insert(path);
        if (entry.size > document_size_max)
            return {};
        // JSON documents start with a bracket; layers, which may be small too, do not.
        Bytes bytes(static_cast<std::size_t>(entry.size));
        const auto first =
            read_full(content, std::span(bytes).first(std::min<std::size_t>(1, bytes.size())));
        if (!first)
            return first.error();
        if (*first == 0 || (bytes[0] != '{' && bytes[0] != '['))
            return {};
        documents_size += entry.size;
        if (documents_size > documents_size_max)
            return Error(
                EifError::limit_exceeded,
                fmt::format("more than {} bytes of JSON in the archive", documents_size_max));
        const auto rest = read_full(content, std::span(bytes).subspan(1));
        if (!rest)
            return rest.error();
        index.documents[path] = as_text(BytesView(bytes).first(1 + *rest));
        return {};
    };
    if (const auto done = for_each_entry(open, visit); !done)
        return done.error();
    return index;
}

// Which files of the archive make the image.
struct Parts {
    std::string config;               // the document's text
    std::vector<std::string> layers;  // names in the archive, lowest first
    // What each layer's bytes hash to as they lie there; empty where only its diff_id is stated.
    std::vector<std::string> layer_digests;
    std::vector<std::string> repo_tags;
};

Result<std::string> document(const Index& index, const std::string& name) {
    const auto found = index.documents.find(index.real_name(name));
    if (found == index.documents.end())
        return bad(fmt::format("{} is not in the archive, or is no JSON: is it whole?", name));
    return found->second;
}

Result<json::value> parsed(const std::string& name, const std::string& text) {
    boost::system::error_code code;
    json::value value = json::parse(text, code);
    if (code)
        return bad(fmt::format("{}: no JSON ({})", name, code.message()));
    return value;
}

Result<json::object> parsed_object(const std::string& name, const std::string& text) {
    auto value = parsed(name, text);
    if (!value)
        return value.error();
    if (!value->is_object())
        return bad(name + ": not a JSON object");
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

std::string sha256_of(std::string_view text) {
    return to_hex(Hash::of(Hash::Algorithm::sha256, as_bytes(text)));
}

// "sha256:<64 hex digits>" -> its digits.
Result<std::string> sha256_digits(const std::string& digest) {
    constexpr std::size_t digits = 64;
    const bool good =
        digest.starts_with(sha256_prefix) && digest.size() == sha256_prefix.size() + digits &&
        digest.find_first_not_of("0123456789abcdef", sha256_prefix.size()) == std::string::npos;
    if (!good)
        return bad(fmt::format("digest \"{}\": sha256: and 64 hexadecimal digits were expected",
                               digest.substr(0, 80)));
    return digest.substr(sha256_prefix.size());
}

Error wrong_digest(const std::string& name, const std::string& stated, const std::string& found) {
    return bad(
        fmt::format("{} is damaged: its SHA-256 is {} and {} was stated", name, found, stated));
}

// By manifest.json.
Result<Parts> docker_parts(const Index& index) {
    const auto text = document(index, "manifest.json");
    if (!text)
        return text.error();
    const auto manifest = parsed("manifest.json", *text);
    if (!manifest)
        return manifest.error();
    const auto* images = manifest->if_array();
    if (images == nullptr || images->empty() || !images->front().is_object())
        return bad("manifest.json: an array of images was expected");
    if (images->size() > 1)
        return bad(fmt::format("the archive holds {} images: save one alone", images->size()));
    const json::object& image = images->front().get_object();
    Parts parts;
    const std::string config_name = text_member(image, "Config");
    auto config = document(index, config_name);
    if (!config)
        return Error(config.error()).in("manifest.json, \"Config\"");
    parts.config = std::move(*config);
    const auto* layers = array_member(image, "Layers");
    if (layers == nullptr)
        return bad("manifest.json: no \"Layers\"");
    for (const auto& layer : *layers) {
        if (!layer.is_string())
            return bad("manifest.json: \"Layers\" is not an array of strings");
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

// A JSON blob whose content is what its descriptor says.
Result<std::string> checked_document(const Index& index, const json::object& descriptor) {
    const auto name = blob_name(descriptor);
    if (!name)
        return name.error();
    auto text = document(index, *name);
    if (!text)
        return text.error();
    const std::string stated = text_member(descriptor, "digest").substr(sha256_prefix.size());
    if (const std::string found = sha256_of(*text); found != stated)
        return wrong_digest(*name, stated, found);
    return text;
}

std::string_view platform_name(Architecture architecture) {
    return architecture == Architecture::x86_64 ? "amd64" : "arm64";
}

// One manifest's descriptor out of an index: the only one, or the one for the architecture.
Result<json::object> choose(const json::object& index_json, std::optional<Architecture> wanted) {
    const auto* manifests = array_member(index_json, "manifests");
    if (manifests == nullptr)
        return bad("index.json: no \"manifests\"");
    std::vector<const json::object*> candidates;
    std::string platforms;
    for (const auto& each : *manifests) {
        if (!each.is_object())
            return bad("index.json: a manifest that is no object");
        const json::object& descriptor = each.get_object();
        const auto* platform = descriptor.if_contains("platform");
        if (platform != nullptr && platform->is_object()) {
            const std::string os = text_member(platform->get_object(), "os");
            const std::string architecture = text_member(platform->get_object(), "architecture");
            // BuildKit files its attestations as images for "unknown".
            if (os == "unknown")
                continue;
            platforms += fmt::format("{}{}/{}", platforms.empty() ? "" : ", ", os, architecture);
            if (wanted && (os != "linux" || architecture != platform_name(*wanted)))
                continue;
        }
        candidates.push_back(&descriptor);
    }
    if (candidates.empty())
        return bad(wanted && !platforms.empty()
                       ? fmt::format("the archive has no image for {}; it has {}",
                                     to_string(*wanted), platforms)
                       : "the archive holds no image");
    if (candidates.size() > 1)
        return bad(
            fmt::format("the archive holds {} images{}: save one alone, or choose with --arch",
                        candidates.size(), platforms.empty() ? "" : " (" + platforms + ")"));
    return *candidates.front();
}

// By index.json.
Result<Parts> oci_parts(const Index& index, std::optional<Architecture> wanted) {
    const auto text = document(index, "index.json");
    if (!text)
        return text.error();
    auto node = parsed_object("index.json", *text);
    if (!node)
        return node.error();
    Parts parts;
    // An index may name another index (several platforms) before it comes to a manifest.
    for (int depth = 0; node->if_contains("manifests") != nullptr; ++depth) {
        if (depth == index_depth_max)
            return bad("index.json: indexes nest too deep");
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
        return bad("image manifest: no \"config\"");
    auto config_text = checked_document(index, config->get_object());
    if (!config_text)
        return config_text.error();
    parts.config = std::move(*config_text);
    const auto* layers = array_member(*node, "layers");
    if (layers == nullptr)
        return bad("image manifest: no \"layers\"");
    for (const auto& layer : *layers) {
        if (!layer.is_object())
            return bad("image manifest: a layer that is no object");
        const auto name = blob_name(layer.get_object());
        if (!name)
            return name.error();
        parts.layers.push_back(*name);
        parts.layer_digests.push_back(name->substr(name->rfind('/') + 1));
    }
    return parts;
}

// Hashes what passes through it.
class HashingSource final : public ByteSource {
  public:
    explicit HashingSource(ByteSource& input) : input_(input), hash_(Hash::Algorithm::sha256) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        auto got = input_.read(out);
        if (got)
            hash_.update(BytesView(out).first(*got));
        return got;
    }
    // Reads the input to its end.
    Result<std::string> finish() {
        Bytes piece(64 << 10);
        for (;;) {
            const auto got = read(piece);
            if (!got)
                return got.error();
            if (*got == 0)
                return to_hex(hash_.finish());
        }
    }

  private:
    ByteSource& input_;
    Hash hash_;
};

struct ReadLayer {
    Layer layer;
    std::string digest;   // of the file in the archive
    std::string diff_id;  // of its unpacked bytes
};

Result<ReadLayer> read_layer(ByteSource& file, const std::string& name, Spool& spool,
                             TreeBudget& budget, std::vector<std::string>& warnings) {
    HashingSource packed(file);
    const auto decompressor = Decompressor::open(packed);
    if (!decompressor)
        return Error(decompressor.error()).in(name);
    HashingSource unpacked(**decompressor);
    auto layer = Layer::read(unpacked, name, spool, budget, warnings);
    if (!layer)
        return layer.error();
    auto diff_id = unpacked.finish();
    if (!diff_id)
        return Error(diff_id.error()).in(name);
    auto digest = packed.finish();
    if (!digest)
        return Error(digest.error()).in(name);
    return ReadLayer{std::move(*layer), std::move(*digest), std::move(*diff_id)};
}

}  // namespace

Result<ContainerImage> read_image_archive(const OpenSource& open, const ArchiveOptions& options,
                                          Spool& spool, std::vector<std::string>& warnings) {
    const auto index = read_index(open);
    if (!index)
        return index.error();
    const bool docker = index->documents.contains("manifest.json");
    if (!docker && !index->documents.contains("index.json"))
        return bad(
            "neither manifest.json (docker save) nor index.json (OCI) is in it: make the archive "
            "with "
            "docker save or skopeo copy ... oci-archive:FILE");
    const auto parts = docker ? docker_parts(*index) : oci_parts(*index, options.architecture);
    if (!parts)
        return parts.error();

    ContainerImage image;
    auto config = ContainerConfig::parse(parts->config);
    if (!config)
        return config.error();
    image.config = std::move(*config);
    image.id = sha256_of(parts->config);
    image.repo_tags = parts->repo_tags;
    if (image.config.diff_ids.size() != parts->layers.size())
        return bad(fmt::format("the config states {} layers and the manifest {}",
                               image.config.diff_ids.size(), parts->layers.size()));

    // Layers are read in the order in which they lie in the archive and applied in the image's.
    TreeBudget budget(options.limits);
    std::map<std::string, ReadLayer> layers;
    std::set<std::string> wanted;
    for (const std::string& name : parts->layers)
        wanted.insert(index->real_name(name));
    const auto visit = [&](const std::string& path, const TarEntry& entry,
                           ByteSource& content) -> Result<void> {
        if (entry.type != TarEntry::Type::file || !wanted.contains(path) || layers.contains(path))
            return {};
        auto layer = read_layer(content, path, spool, budget, warnings);
        if (!layer)
            return layer.error();
        layers.emplace(path, std::move(*layer));
        return {};
    };
    if (const auto done = for_each_entry(open, visit); !done)
        return done.error();

    for (std::size_t i = 0; i < parts->layers.size(); ++i) {
        const auto found = layers.find(index->real_name(parts->layers[i]));
        if (found == layers.end())
            return bad(
                fmt::format("layer {} is not in the archive: is it whole?", parts->layers[i]));
        const ReadLayer& layer = found->second;
        if (!parts->layer_digests[i].empty() && parts->layer_digests[i] != layer.digest)
            return wrong_digest(parts->layers[i], parts->layer_digests[i], layer.digest);
        const auto diff_id = sha256_digits(image.config.diff_ids[i]);
        if (!diff_id)
            return Error(diff_id.error()).in("image config, diff_ids");
        if (*diff_id != layer.diff_id)
            return wrong_digest(parts->layers[i] + " (unpacked)", *diff_id, layer.diff_id);
        if (const auto applied = layer.layer.apply_to(image.root); !applied)
            return applied.error();
    }
    return image;
}

Result<ContainerImage> read_image_archive(const std::filesystem::path& archive,
                                          const ArchiveOptions& options, Spool& spool,
                                          std::vector<std::string>& warnings) {
    if (std::filesystem::is_directory(archive))
        return Error(
            EifError::invalid_input,
            archive.string() +
                " is a folder: give a root file system with --rootfs, or pack an OCI layout "
                "with tar -C FOLDER -cf image.tar .");
    const auto file = std::make_shared<const UniqueFd>(
        ::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!*file)
        return errno_error(archive.string() + " can't be opened", errno);
    struct stat status {};
    if (::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode))
        return Error(EifError::invalid_input, archive.string() + " is not a regular file");
    const OpenSource open = [&]() -> Result<std::unique_ptr<ByteSource>> {
        return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(
            file->get(), 0, std::numeric_limits<std::uint64_t>::max(), archive));
    };
    auto image = read_image_archive(open, options, spool, warnings);
    if (!image)
        return Error(image.error()).in(archive.string());
    return image;
}

json::value ContainerImage::docker_info() const {
    const json::object empty;
    const json::object& all = config.json.is_object() ? config.json.get_object() : empty;
    const auto member = [&all](std::string_view key) {
        const auto* value = all.if_contains(key);
        return value == nullptr ? json::value() : *value;
    };
    json::object root_fs;
    root_fs["Layers"] = json::value_from(config.diff_ids);
    root_fs["Type"] = "layers";
    json::object info;
    info["Architecture"] = member("architecture");
    info["Author"] = member("author").is_null() ? json::value("") : member("author");
    info["Config"] = member("config");
    info["Created"] = member("created");
    info["Id"] = "sha256:" + id;
    info["Os"] = member("os");
    info["RepoTags"] = json::value_from(repo_tags);
    info["RootFS"] = std::move(root_fs);
    return info;
}

}  // namespace glovebox::eif
