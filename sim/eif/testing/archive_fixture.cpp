// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/testing/archive_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>
#include <zlib.h>

#include <memory>
#include <stdexcept>

#include "core/crypto/hash.h"

namespace glovebox::eif::testing {
namespace {

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Entry make_entry(const std::string& path, unsigned mode) {
    Entry entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_mode(entry.get(), mode);
    archive_entry_set_mtime(entry.get(), 1700000000, 0);
    return entry;
}

void put(archive* to, archive_entry* entry) {
    if (archive_write_header(to, entry) < ARCHIVE_WARN)
        throw std::runtime_error(archive_error_string(to));
}

std::string text(const Bytes& bytes) {
    return std::string(as_text(bytes));
}

std::string config_of(const ImageSpec& spec) {
    std::string diff_ids;
    for (const Bytes& layer : spec.layers)
        diff_ids += fmt::format("{}\"sha256:{}\"", diff_ids.empty() ? "" : ",", sha256_hex(layer));
    return fmt::format(
        R"({{"architecture":"{}","os":"linux","created":"2024-01-01T00:00:00Z","config":{{{}}},)"
        R"("rootfs":{{"type":"layers","diff_ids":[{}]}}}})",
        spec.architecture, spec.run, diff_ids);
}

}  // namespace

TarBuilder::TarBuilder() : archive_(archive_write_new()) {
    archive_write_set_format_pax_restricted(archive_);
    archive_write_set_bytes_per_block(archive_, 0);
    const auto write = [](archive*, void* context, const void* bytes, size_t size) -> la_ssize_t {
        auto& out = *static_cast<Bytes*>(context);
        const auto* begin = static_cast<const std::uint8_t*>(bytes);
        out.insert(out.end(), begin, begin + size);
        return static_cast<la_ssize_t>(size);
    };
    archive_write_open(archive_, &out_, nullptr, write, nullptr);
}

TarBuilder::~TarBuilder() {
    archive_write_free(archive_);
}

TarBuilder& TarBuilder::file(const std::string& path, std::string_view content,
                             Attributes attributes) {
    const Entry entry = make_entry(path, AE_IFREG | attributes.mode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_uid(entry.get(), attributes.uid);
    archive_entry_set_gid(entry.get(), attributes.gid);
    archive_entry_set_mtime(entry.get(), attributes.mtime, 0);
    if (!attributes.xattr.empty())
        archive_entry_xattr_add_entry(entry.get(), attributes.xattr.c_str(), "x", 1);
    put(archive_, entry.get());
    archive_write_data(archive_, content.data(), content.size());
    return *this;
}

TarBuilder& TarBuilder::directory(const std::string& path, unsigned mode, long uid) {
    const Entry entry = make_entry(path, AE_IFDIR | mode);
    archive_entry_set_uid(entry.get(), uid);
    put(archive_, entry.get());
    return *this;
}

TarBuilder& TarBuilder::symlink(const std::string& path, const std::string& target) {
    const Entry entry = make_entry(path, AE_IFLNK | 0777);
    archive_entry_set_symlink(entry.get(), target.c_str());
    put(archive_, entry.get());
    return *this;
}

TarBuilder& TarBuilder::hard_link(const std::string& path, const std::string& target) {
    const Entry entry = make_entry(path, AE_IFREG | 0644);
    archive_entry_set_hardlink(entry.get(), target.c_str());
    put(archive_, entry.get());
    return *this;
}

TarBuilder& TarBuilder::device(const std::string& path, unsigned major, unsigned minor) {
    const Entry entry = make_entry(path, AE_IFCHR | 0666);
    archive_entry_set_rdevmajor(entry.get(), major);
    archive_entry_set_rdevminor(entry.get(), minor);
    put(archive_, entry.get());
    return *this;
}

Bytes TarBuilder::take() {
    archive_write_close(archive_);
    return std::move(out_);
}

std::string gzip(BytesView bytes) {
    z_stream stream{};
    constexpr int gzip_window = 15 + 16;
    if (deflateInit2(&stream, 9, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflateInit2");
    std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Bytes docker_archive(const ImageSpec& spec) {
    TarBuilder tar;
    const std::string config = config_of(spec);
    const std::string config_name = sha256_hex(as_bytes(config)) + ".json";
    std::string names;
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        const std::string folder = fmt::format("layer{}", i);
        const std::string name = folder + "/layer.tar";
        tar.directory(folder);
        tar.file(name, spec.compress_layers ? gzip(spec.layers[i]) : text(spec.layers[i]));
        names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", name);
    }
    tar.file(config_name, config);
    tar.file(
        "manifest.json",
        fmt::format(R"([{{"Config":"{}","RepoTags":["host:5000/team/app:1.2"],"Layers":[{}]}}])",
                    config_name, names));
    return tar.take();
}

Bytes oci_archive(const ImageSpec& spec, const std::map<std::string, std::string>& extra) {
    std::map<std::string, std::string> files;
    const auto blob = [&files](const std::string& content) {
        const std::string digest = sha256_hex(as_bytes(content));
        files["blobs/sha256/" + digest] = content;
        return fmt::format(R"("digest":"sha256:{}","size":{})", digest, content.size());
    };
    std::string layers;
    for (const Bytes& layer : spec.layers)
        layers += fmt::format("{}{{{}}}", layers.empty() ? "" : ",",
                              blob(spec.compress_layers ? gzip(layer) : text(layer)));
    const std::string manifest = fmt::format(
        R"({{"schemaVersion":2,"config":{{{}}},"layers":[{}]}})", blob(config_of(spec)), layers);
    files["index.json"] =
        fmt::format(R"({{"schemaVersion":2,"manifests":[{{{},)"
                    R"("annotations":{{"org.opencontainers.image.ref.name":"app:1.2"}}}}]}})",
                    blob(manifest));
    files["oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})";
    for (const auto& [name, content] : extra)
        if (content.empty())
            files.erase(name);
        else
            files[name] = content;
    TarBuilder tar;
    for (const auto& [name, content] : files)
        tar.file(name, content);
    return tar.take();
}

}  // namespace glovebox::eif::testing
