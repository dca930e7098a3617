// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/unpack_cache.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <system_error>

#include "core/base/output_file.h"
#include "core/base/scratch.h"
#include "core/base/unique_fd.h"
#include "core/crypto/hash.h"
#include "sim/eif/base/big_endian.h"
#include "sim/eif/base/byte_source.h"
#include "sim/eif/base/error.h"
#include "sim/eif/tree/tree_writer.h"
#include "sim/eif/unpack/cache_folder.h"
#include "sim/eif/unpack/ramdisks.h"
#include "sim/eif/unpack/tree_seal.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

// Commands and environments have a few kilobytes; the kernel accepts at most 2 MiB of both.
constexpr std::uint64_t init_file_size_max = 4 << 20;

constexpr const char* tree_folder = "tree";
constexpr const char* bytes_file = "bytes";
constexpr const char* seal_file = "seal";

// The contents of an entry, as a part of its name: one with other contents has another name.
constexpr std::string_view layout = "tree as a kernel unpacks it, bytes, seal";

std::string name_of(const Image& image, const Pcr& pcr0) {
    Hash hash(HashAlgorithm::sha384);
    hash.update(as_bytes(layout));
    hash.update(pcr0);
    for (const BytesView ramdisk : image.ramdisks()) {
        std::array<std::uint8_t, 8> size{};
        store_be<std::uint64_t>(size.data(), ramdisk.size());
        hash.update(size);
    }
    return to_hex(hash.finish());
}

Result<std::optional<std::string>> read_small(const fs::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT)
            return std::optional<std::string>();
        return errno_error(path.string() + " can't be opened", errno);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return errno_error(path.string() + " can't be examined", errno);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size > init_file_size_max)
        return Error(EifError::limit_exceeded,
                     path.filename().string() + " of the ramdisk is not a file of a few lines");
    Bytes content(static_cast<std::size_t>(size));
    FileSource source(fd.get(), 0, size, path);
    if (!content.empty())
        if (const auto got = read_full(source, content); !got)
            return got.error();
    return std::optional(std::string(as_text(content)));
}

Result<void> write_small(const fs::path& path, std::string_view text) {
    auto file = OutputFile::create(path);
    if (!file)
        return file.error();
    if (const auto written = file->append(as_bytes(text)); !written)
        return written.error();
    return file->commit();
}

// Counted in whole pages, as a file system in memory keeps files.
std::uint64_t memory_of(const FileTree& tree) {
    constexpr std::uint64_t page = 4096;
    std::uint64_t bytes = 0;
    for (const auto& [path, node] : tree.entries())
        bytes += (node->content.size() + page - 1) / page * page;
    return bytes;
}

Result<void> write_seal(const fs::path& folder) {
    if (auto waited = wait_for_another_time(folder); !waited)
        return waited;
    const auto seal = seal_of(folder / tree_folder);
    return seal ? write_small(folder / seal_file, *seal) : Result<void>(seal.error());
}

Result<void> unpack(const Image& image, const fs::path& folder, const TreeLimits& limits,
                    Progress& progress) {
    const auto tree = unpack_ramdisks(image, folder, limits, progress);
    if (!tree)
        return tree.error();
    if (::mkdir((folder / tree_folder).c_str(), 0755) != 0)
        return errno_error((folder / tree_folder).string() + " can't be made", errno);
    if (const auto done =
            write_tree(*tree, folder / tree_folder, TreeUse::root_file_system, progress);
        !done)
        return done.error();
    return write_small(folder / bytes_file, std::to_string(memory_of(*tree)));
}

Result<std::string> digest_of(const fs::path& tree, std::uint64_t bytes, Progress& progress) {
    progress.begin("hashing the files of", bytes);
    auto digest = content_of(tree, progress);
    progress.end();
    return digest;
}

// Whether the entry is as it was unpacked. If the seal differs, the content decides, beside that of
// the image unpacked once more by `unpack_aside`: times or inode numbers may be all that changed.
// Then the entry is sealed again, so that the next start is fast. A user other than root cannot
// read a tree with a folder or file that has no permissions for its owner; there the seal decides.
Result<bool> is_as_unpacked(const fs::path& entry, std::uint64_t bytes,
                            const std::function<Result<Scratch>()>& unpack_aside,
                            Progress& progress) {
    const fs::path tree = entry / tree_folder;
    const auto seal = read_small(entry / seal_file);
    if (!seal)
        return seal.error();
    const auto before = seal_of(tree);
    if (before && *before == seal->value_or(""))
        return true;
    if (!before || !seal->has_value())
        return false;
    const auto fresh = unpack_aside();
    if (!fresh)
        return fresh.error();
    if (const auto waited = wait_for_another_time(entry); !waited)
        return waited.error();
    const auto wanted = digest_of(fresh->path() / tree_folder, bytes, progress);
    const auto found = digest_of(tree, bytes, progress);
    const auto behind = seal_of(tree);
    if (!wanted || !found || !behind || *found != *wanted || *before != *behind)
        return false;
    const auto written = write_small(entry / seal_file, *behind);
    return written ? Result<bool>(true) : written.error();
}

// Reads the entry of this name.
Result<UnpackedImage> read_entry(const fs::path& entry, bool was_cached,
                                 const std::function<Result<Scratch>()>& unpack_aside,
                                 Progress& progress) {
    const auto altered = [&entry] {
        return Error(
            EifError::damaged,
            fmt::format("{0} is not as it was unpacked: something removed or changed files "
                        "of it, or the machine lost power meanwhile. While no enclave runs "
                        "from it: rm -rf {0}",
                        entry.string()));
    };
    const auto text = read_small(entry / bytes_file);
    if (!text)
        return text.error();
    UnpackedImage image{entry / tree_folder, 0, was_cached};
    const std::string digits = text->value_or("");
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), image.bytes);
    if (error != std::errc() || end != digits.data() + digits.size())
        return altered();
    const auto is_sound = is_as_unpacked(entry, image.bytes, unpack_aside, progress);
    if (!is_sound)
        return is_sound.error();
    return *is_sound ? Result<UnpackedImage>(image) : altered();
}

}  // namespace

Result<InitFiles> read_init_files(const UnpackedImage& image) {
    InitFiles files;
    auto env = read_small(image.folder / "env");
    if (!env)
        return env.error();
    auto cmd = read_small(image.folder / "cmd");
    if (!cmd)
        return cmd.error();
    files.env = std::move(*env);
    files.cmd = std::move(*cmd);
    return files;
}

Result<UnpackedImage> UnpackCache::get(const Image& image, const Pcr& pcr0,
                                       const std::function<Pcr()>& measure_again,
                                       const TreeLimits& limits, Progress& progress) const {
    if (const auto made = make_cache_folder(folder_); !made)
        return made.error();
    const fs::path entry = folder_ / name_of(image, pcr0);
    std::error_code code;
    const auto unpack_aside = [&]() -> Result<Scratch> {
        Scratch::remove_abandoned([folder = fs::absolute(folder_, code)](const fs::path& path) {
            return path.parent_path() == folder;
        });
        auto aside = Scratch::make_folder(folder_, "." + entry.filename().string() + ".");
        if (!aside)
            return aside;
        if (const auto unpacked = unpack(image, aside->path(), limits, progress); !unpacked)
            return unpacked.error();
        if (measure_again() != pcr0)
            return Error(EifError::changed_while_read,
                         "the image was altered while it was unpacked: start it again");
        return aside;
    };
    if (fs::is_directory(entry, code))
        return read_entry(entry, true, unpack_aside, progress);
    auto aside = unpack_aside();
    if (!aside)
        return aside.error();
    if (const auto sealed = write_seal(aside->path()); !sealed)
        return sealed.error();
    if (const auto renamed = aside->rename_to(entry);
        !renamed && !fs::is_directory(entry, code))  // another start was quicker
        return renamed.error();
    return read_entry(entry, false, unpack_aside, progress);
}

Result<fs::path> UnpackCache::default_folder(const char* xdg_cache_home, const char* home) {
    const auto absolute = [](const char* text) { return text != nullptr && *text == '/'; };
    if (absolute(xdg_cache_home))
        return fs::path(xdg_cache_home) / "glovebox" / "images";
    if (absolute(home))
        return fs::path(home) / ".cache" / "glovebox" / "images";
    return Error(EifError::invalid_input,
                 "no place to unpack images: set HOME or XDG_CACHE_HOME to an absolute path");
}

}  // namespace glovebox::eif
