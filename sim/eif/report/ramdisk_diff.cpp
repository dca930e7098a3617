// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/report/ramdisk_diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "core/base/clock.h"
#include "core/base/printable.h"
#include "core/crypto/hash.h"
#include "sim/eif/report/indented_lines.h"
#include "sim/eif/tree/ramdisk.h"

namespace glovebox::eif {
namespace {

// One entry of a ramdisk, with the hash of its content (or the link's target).
struct ListedEntry {
    CpioEntry entry;
    Bytes content_hash;
    std::string target;
};

struct Listing {
    std::vector<ListedEntry> entries;
    Compression compression = Compression::none;
};

constexpr std::uint32_t type_mask = 0170000;
constexpr std::uint32_t symlink_type = 0120000;
constexpr std::uint32_t target_shown_max = 4096;

Result<Listing> list(BytesView ramdisk, Progress& progress) {
    Listing listing;
    progress.begin("comparing", ramdisk.size());
    RamdiskReader reader(ramdisk, progress);
    for (;;) {
        const auto next = reader.next();
        if (!next)
            return next.error();
        if (!*next)
            break;
        ListedEntry listed{.entry = **next, .content_hash = {}, .target = {}};
        const bool link = (listed.entry.mode & type_mask) == symlink_type;
        Hash hash(HashAlgorithm::sha256);
        Bytes piece(64 << 10);
        for (;;) {
            const auto got = reader.read(piece);
            if (!got)
                return got.error();
            if (*got == 0)
                break;
            hash.update(BytesView(piece).first(*got));
            if (link && listed.target.size() < target_shown_max)
                listed.target += as_text(BytesView(piece).first(*got));
        }
        listed.content_hash = hash.finish();
        listing.entries.push_back(std::move(listed));
    }
    progress.end();
    listing.compression = reader.compression();
    return listing;
}

std::string time_text(std::uint32_t seconds) {
    const std::string text = format_time(TimePoint(std::chrono::seconds(seconds)));
    return text.substr(0, text.find('.')) + "Z";
}

// The differences between two entries of one name, except for time and numbering.
std::vector<std::string> attribute_differences(const ListedEntry& a, const ListedEntry& b) {
    std::vector<std::string> found;
    const auto add = [&found](std::string text) { found.push_back(std::move(text)); };
    const CpioEntry& x = a.entry;
    const CpioEntry& y = b.entry;
    if ((x.mode & type_mask) != (y.mode & type_mask))
        add(fmt::format("kind {:06o} / {:06o}", x.mode & type_mask, y.mode & type_mask));
    if ((x.mode & 07777) != (y.mode & 07777))
        add(fmt::format("mode {:04o} / {:04o}", x.mode & 07777, y.mode & 07777));
    if (x.uid != y.uid || x.gid != y.gid)
        add(fmt::format("owner {}:{} / {}:{}", x.uid, x.gid, y.uid, y.gid));
    if (a.target != b.target)
        add(fmt::format("link to {} / {}", in_quotes(a.target), in_quotes(b.target)));
    else if (x.size != y.size)
        add(fmt::format("content, {} / {} bytes", x.size, y.size));
    else if (a.content_hash != b.content_hash)
        add(fmt::format("content, {} bytes each", x.size));
    if (x.rdev_major != y.rdev_major || x.rdev_minor != y.rdev_minor)
        add(fmt::format("device {},{} / {},{}", x.rdev_major, x.rdev_minor, y.rdev_major,
                        y.rdev_minor));
    return found;
}

bool same_numbering(const CpioEntry& x, const CpioEntry& y) {
    return x.ino == y.ino && x.nlink == y.nlink && x.check == y.check &&
           x.device_major == y.device_major && x.device_minor == y.device_minor;
}

using ByName = std::map<std::string_view, const ListedEntry*>;

ByName by_name(const Listing& listing) {
    ByName names;
    for (const ListedEntry& each : listing.entries)
        names[each.entry.name] = &each;  // a later entry replaces an earlier one
    return names;
}

// Files, attributes and times. Returns whether anything was found.
bool compare_entries(const Listing& a, const Listing& b, std::size_t files_max,
                     std::vector<std::string>& out) {
    const ByName in_a = by_name(a);
    const ByName in_b = by_name(b);
    std::vector<std::string_view> other_times;
    bool found = false;
    IndentedLines lines(out, files_max);
    for (const auto& [name, x] : in_a) {
        const auto y = in_b.find(name);
        if (y == in_b.end()) {
            lines.add(in_quotes(name) + ": only in the first");
            found = true;
            continue;
        }
        const auto differences = attribute_differences(*x, *y->second);
        for (const std::string& difference : differences)
            lines.add(in_quotes(name) + ": " + difference);
        found = found || !differences.empty();
        if (x->entry.mtime != y->second->entry.mtime)
            other_times.push_back(name);
    }
    for (const auto& [name, y] : in_b)
        if (!in_a.contains(name)) {
            lines.add(in_quotes(name) + ": only in the second");
            found = true;
        }
    lines.end();
    if (!other_times.empty()) {
        // Times differ for thousands of files or for none, so they are summarised.
        const std::string_view first = other_times.front();
        out.push_back(fmt::format(
            "    time of {}: {} / {}{}", in_quotes(first), time_text(in_a.at(first)->entry.mtime),
            time_text(in_b.at(first)->entry.mtime),
            other_times.size() == 1
                ? ""
                : fmt::format(", and of {} more files", other_times.size() - 1)));
    }
    return found || !other_times.empty();
}

void compare_order(const Listing& a, const Listing& b, std::vector<std::string>& out) {
    const std::size_t both = std::min(a.entries.size(), b.entries.size());
    for (std::size_t i = 0; i < both; ++i) {
        const CpioEntry& x = a.entries[i].entry;
        const CpioEntry& y = b.entries[i].entry;
        if (x.name != y.name) {
            out.push_back(fmt::format("    the same files in another order: entry {} is {} / {}",
                                      i + 1, in_quotes(x.name), in_quotes(y.name)));
            return;
        }
    }
    if (a.entries.size() != b.entries.size()) {
        out.push_back(fmt::format("    the same files, but {} / {} entries: some stand there twice",
                                  a.entries.size(), b.entries.size()));
        return;
    }
    for (std::size_t i = 0; i < both; ++i)
        if (!same_numbering(a.entries[i].entry, b.entries[i].entry)) {
            const CpioEntry& x = a.entries[i].entry;
            const CpioEntry& y = b.entries[i].entry;
            out.push_back(
                fmt::format("    the same files, numbered otherwise: {} has inode {} / {}, links "
                            "{} / {}, device "
                            "{}:{} / {}:{}",
                            in_quotes(x.name), x.ino, y.ino, x.nlink, y.nlink, x.device_major,
                            x.device_minor, y.device_major, y.device_minor));
            return;
        }
    out.emplace_back(
        "    the same entries, packed otherwise: compression level, a time in the compression's "
        "own "
        "header, or padding");
}
}  // namespace

void compare_ramdisks(BytesView a, BytesView b, std::size_t files_max,
                      std::vector<std::string>& out, Progress& progress) {
    const auto listed_a = list(a, progress);
    const auto listed_b = list(b, progress);
    if (!listed_a || !listed_b) {
        for (const auto& [listed, which] :
             {std::pair{&listed_a, "first"}, std::pair{&listed_b, "second"}})
            if (!*listed)
                out.push_back(
                    fmt::format("    the {} can't be read: {}", which, listed->error().message));
        out.push_back(
            fmt::format("    they differ from byte {} on",
                        std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin()));
        return;
    }
    if (listed_a->compression != listed_b->compression)
        out.push_back(fmt::format("    packed with: {} / {}", to_string(listed_a->compression),
                                  to_string(listed_b->compression)));
    if (!compare_entries(*listed_a, *listed_b, files_max, out))
        compare_order(*listed_a, *listed_b, out);
}

}  // namespace glovebox::eif
