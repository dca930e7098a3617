// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/measured_files.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <system_error>

#include "core/crypto/hash.h"
#include "sim/eif/base/output_file.h"
#include "sim/eif/unpack/cache_folder.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

// File systems count time in at most 2 s (FAT).
constexpr std::chrono::seconds age_min{3};

TimePoint changed_at(const struct stat& status) {
    return TimePoint(std::chrono::seconds(status.st_ctim.tv_sec) +
                     std::chrono::milliseconds(status.st_ctim.tv_nsec / 1'000'000));
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
    struct stat before {};
    if (!make_cache_folder(folder_) || ::fstat(file.descriptor(), &before) != 0)
        return measure_content(image, &file, progress);
    const std::string identity = identity_of(before);
    const fs::path note = note_of(path);
    if (const auto noted = read_note(note, identity))
        return *noted;
    const bool is_old_enough = clock_.now() - changed_at(before) >= age_min;
    const ContentMeasurement measured = measure_content(image, &file, progress);
    struct stat behind {};
    if (is_old_enough && ::fstat(file.descriptor(), &behind) == 0 &&
        identity_of(behind) == identity)
        write_note(note, identity, measured);
    return measured;
}

}  // namespace glovebox::eif
