// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/measured_files.h"

#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>

#include "core/base/output_file.h"
#include "core/crypto/hash.h"
#include "sim/eif/unpack/cache_folder.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

// Whether a change has another time, which nobody can set. The time of change of VFAT and sshfs is
// that of modification; tmpfs does not see what a program writes to a mapped file, nor does
// overlayfs where a tmpfs is below it.
bool has_times_of_change(int file) {
    constexpr std::array<std::uint32_t, 4> magics{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
                                                  BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
    struct statfs status {};
    return ::fstatfs(file, &status) == 0 &&
           std::find(magics.begin(), magics.end(), static_cast<std::uint32_t>(status.f_type)) !=
               magics.end();
}

// The kernel learns of a write to a mapped page only where the page was clean: writing the file to
// its disk cleans all of them, so that a later write changes the time.
bool watch_mapped_pages(int file) {
    return ::fdatasync(file) == 0;
}

// Whether a change that comes now has another time. These file systems count in the kernel's ticks
// of 1 to 10 ms, ext4 with inodes of 128 bytes in seconds.
bool has_aged(const struct stat& status, TimePoint now) {
    const TimePoint changed(std::chrono::seconds(status.st_ctim.tv_sec) +
                            std::chrono::milliseconds(status.st_ctim.tv_nsec / 1'000'000));
    const std::chrono::milliseconds age_min(status.st_ctim.tv_nsec == 0 ? 2'000 : 50);
    return now - changed >= age_min;
}

std::string identity_of(const struct stat& status) {
    return fmt::format("{}:{} {} {}.{} {}.{}", status.st_dev, status.st_ino, status.st_size,
                       status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                       status.st_ctim.tv_nsec);
}

bool read_pcr(std::istream& lines, Pcr& pcr) {
    std::string line;
    if (!std::getline(lines, line))
        return false;
    const auto bytes = from_hex(line);
    if (!bytes || bytes->size() != pcr.size())
        return false;
    std::copy(bytes->begin(), bytes->end(), pcr.begin());
    return true;
}

// Nothing where it is another file's, or not whole.
std::optional<ContentMeasurement> read_note(const fs::path& path, const std::string& identity) {
    std::ifstream lines(path);
    std::string line;
    if (!std::getline(lines, line) || line != identity)
        return std::nullopt;
    ContentMeasurement measured;
    for (Pcr* const pcr : {&measured.pcrs.pcr0, &measured.pcrs.pcr1, &measured.pcrs.pcr2})
        if (!read_pcr(lines, *pcr))
            return std::nullopt;
    if (!std::getline(lines, line))
        return std::nullopt;
    const char* const end = line.data() + line.size();
    const auto [at, error] = std::from_chars(line.data(), end, measured.crc32, 16);
    return error == std::errc() && at == end ? std::optional(measured) : std::nullopt;
}

void write_note(const fs::path& path, const std::string& identity,
                const ContentMeasurement& measured) {
    auto file = OutputFile::create(path);
    if (!file)
        return;
    const std::string text =
        fmt::format("{}\n{}\n{}\n{}\n{:08x}\n", identity, to_hex(measured.pcrs.pcr0),
                    to_hex(measured.pcrs.pcr1), to_hex(measured.pcrs.pcr2), measured.crc32);
    if (file->append(as_bytes(text)))
        static_cast<void>(file->commit());
}

}  // namespace

MeasuredFiles::MeasuredFiles(fs::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {}

fs::path MeasuredFiles::note_of(const fs::path& image) const {
    std::error_code code;
    Hash hash(HashAlgorithm::sha384);
    hash.update(as_bytes(fs::weakly_canonical(image, code).string()));
    return folder_ / to_hex(hash.finish());
}

ContentMeasurement MeasuredFiles::measure(const Image& image, const MappedFile& file,
                                          const fs::path& path, Progress& progress) const {
    const int fd = file.descriptor();
    struct stat before {};
    if (!has_times_of_change(fd) || !make_cache_folder(folder_) || ::fstat(fd, &before) != 0)
        return measure_content(image, &file, progress);
    const std::string identity = identity_of(before);
    const fs::path note = note_of(path);
    if (const auto noted = read_note(note, identity))
        return *noted;
    const bool can_be_noted = has_aged(before, clock_.now()) && watch_mapped_pages(fd);
    const ContentMeasurement measured = measure_content(image, &file, progress);
    struct stat behind {};
    if (can_be_noted && ::fstat(fd, &behind) == 0 && identity_of(behind) == identity)
        write_note(note, identity, measured);
    return measured;
}

}  // namespace glovebox::eif
