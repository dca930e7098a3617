// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/archive/image_archive.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <set>

#include "core/crypto/hash.h"
#include "sim/eif/archive/archive_manifest.h"
#include "sim/eif/archive/layer.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/progress_source.h"
#include "sim/eif/tree/archive_reader.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

// Manifests, configs and the names of links have a few kilobytes. Larger files, or a larger sum,
// are not of this kind.
constexpr std::uint64_t document_size_max = 4 << 20;
constexpr std::uint64_t documents_size_max = 64 << 20;
constexpr std::size_t archive_entries_max = 100'000;

Error bad_archive(std::string sentence) {
    return Error(EifError::bad_archive, std::move(sentence));
}

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
        return Error(reader.error())
            .in("no archive of a container image, as `docker save IMAGE -o app.tar` writes it");
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

Result<ArchiveIndex> read_index(const OpenSource& open) {
    ArchiveIndex index;
    std::uint64_t documents_size = 0;
    const auto spend = [&documents_size](std::uint64_t size) -> Result<void> {
        documents_size += size;
        if (documents_size <= documents_size_max)
            return {};
        return Error(
            EifError::limit_exceeded,
            fmt::format("more than {} bytes of JSON and links in the archive", documents_size_max));
    };
    const auto visit = [&](const std::string& path, const TarEntry& entry,
                           ByteSource& content) -> Result<void> {
        if (entry.type == TarEntry::Type::symlink || entry.type == TarEntry::Type::hard_link) {
            auto target = link_target(path, entry);
            if (!target)
                return {};
            if (const auto spent = spend(path.size() + target->size()); !spent)
                return spent.error();
            index.links[path] = std::move(*target);
            return {};
        }
        if (entry.type != TarEntry::Type::file)
            return {};
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
        if (const auto spent = spend(entry.size); !spent)
            return spent.error();
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

// Hashes what passes through it.
class HashingSource final : public ByteSource {
  public:
    explicit HashingSource(ByteSource& input) : input_(input), hash_(HashAlgorithm::sha256) {}
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
    const auto parts = find_parts(*index, options.architecture);
    if (!parts)
        return parts.error();

    ContainerImage image;
    auto config = ContainerConfig::parse(parts->config);
    if (!config)
        return config.error();
    image.config = std::move(*config);
    image.id = sha256_hex(as_bytes(parts->config));
    image.repo_tags = parts->repo_tags;
    if (image.config.diff_ids.size() != parts->layers.size())
        return bad_archive(fmt::format("the config states {} layers and the manifest {}",
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
            return bad_archive(
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
                                          std::vector<std::string>& warnings, Progress& progress) {
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
        progress.begin("reading", static_cast<std::uint64_t>(status.st_size));
        return std::unique_ptr<ByteSource>(std::make_unique<ProgressSource>(
            std::make_unique<FileSource>(file->get(), 0, std::numeric_limits<std::uint64_t>::max(),
                                         archive),
            progress));
    };
    auto image = read_image_archive(open, options, spool, warnings);
    progress.end();
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
