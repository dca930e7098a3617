// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/id_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace glovebox::sandbox {
namespace {

// More IDs are useless inside: 65534 is nobody, and 65535 is (uid_t)-1 in 16 bits.
constexpr std::uint32_t subordinate_count_max = 65535;

std::vector<std::string_view> split(std::string_view line, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!line.empty()) {
        const std::size_t start = line.find_first_not_of(separators);
        if (start == std::string_view::npos)
            break;
        const std::size_t end = std::min(line.find_first_of(separators, start), line.size());
        parts.push_back(line.substr(start, end - start));
        line.remove_prefix(end);
    }
    return parts;
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::uint64_t count_of(const std::vector<IdRange>& ranges) {
    std::uint64_t count = 0;
    for (const IdRange& range : ranges)
        count += range.count;
    return count;
}

// Whether the caller's namespace has the first of these IDs. In a namespace that maps only the
// caller, the helpers can do nothing although they are setuid.
bool has_id(const std::vector<IdRange>& own, const IdRange& others) {
    return std::any_of(own.begin(), own.end(), [&](const IdRange& range) {
        return others.outside >= range.inside && others.outside - range.inside < range.count;
    });
}

std::vector<IdRange> root_and(std::uint32_t self, const IdRange& others) {
    return {{0, self, 1}, {1, others.outside, std::min(others.count, subordinate_count_max)}};
}

}  // namespace

bool IdMapping::has_gid(std::uint32_t inside) const {
    return std::any_of(gids.begin(), gids.end(), [inside](const IdRange& range) {
        return inside >= range.inside && inside - range.inside < range.count;
    });
}

IdMapping choose_id_mapping(const IdFacts& facts) {
    IdMapping mapping;
    if (facts.uid == 0) {
        mapping.uids = identity(facts.own_uids);
        mapping.gids = identity(facts.own_gids);
        // In a namespace with a single ID, setgroups is denied, and so it is in its children.
        mapping.setgroups = count_of(mapping.gids) > 1;
        if (count_of(mapping.uids) == 1)
            mapping.note =
                "only one user id exists inside, root, since this is a user namespace "
                "with one id: chown and setuid to another one fail, where an enclave "
                "allows them";
        return mapping;
    }
    const bool has_subordinates = facts.subordinate_uids && facts.subordinate_gids;
    const bool are_here = has_subordinates && has_id(facts.own_uids, *facts.subordinate_uids) &&
                          has_id(facts.own_gids, *facts.subordinate_gids);
    if (facts.helpers && are_here) {
        mapping.uids = root_and(facts.uid, *facts.subordinate_uids);
        mapping.gids = root_and(facts.gid, *facts.subordinate_gids);
        mapping.setgroups = true;
        mapping.with_helpers = true;
        return mapping;
    }
    mapping.uids = {{0, facts.uid, 1}};
    mapping.gids = {{0, facts.gid, 1}};
    mapping.note =
        "only one user id exists inside, root: chown and setuid to another one fail, where an "
        "enclave allows them. ";
    if (has_subordinates && !are_here)
        mapping.note += "The user's subordinate ids do not exist in this user namespace";
    else
        mapping.note += facts.helpers
                            ? "Give this user subordinate ids: sudo usermod --add-subuids "
                              "100000-165535 --add-subgids 100000-165535 \"$USER\""
                            : "Install newuidmap and newgidmap: sudo apt-get install uidmap";
    return mapping;
}

std::vector<IdRange> identity(const std::vector<IdRange>& own) {
    std::vector<IdRange> ranges;
    for (const IdRange& range : own)
        ranges.push_back({range.inside, range.inside, range.count});
    return ranges;
}

std::string to_id_map(const std::vector<IdRange>& ranges) {
    std::string text;
    for (const IdRange& range : ranges)
        text += fmt::format("{} {} {}\n", range.inside, range.outside, range.count);
    return text;
}

std::vector<IdRange> parse_id_map(std::string_view text) {
    std::vector<IdRange> ranges;
    for (const std::string_view line : split(text, "\n")) {
        const auto fields = split(line, " \t");
        if (fields.size() != 3)
            continue;
        const auto inside = number(fields[0]);
        const auto outside = number(fields[1]);
        const auto count = number(fields[2]);
        if (inside && outside && count)
            ranges.push_back({*inside, *outside, *count});
    }
    return ranges;
}

std::optional<IdRange> find_subordinate_ids(std::string_view text, std::string_view user_name,
                                            uid_t uid) {
    const std::string uid_text = std::to_string(uid);
    for (const std::string_view line : split(text, "\n")) {
        const auto fields = split(line, ":");
        if (fields.size() != 3 || (fields[0] != user_name && fields[0] != uid_text))
            continue;
        const auto start = number(fields[1]);
        const auto count = number(fields[2]);
        if (start && count && *count > 0)
            return IdRange{1, *start, *count};
    }
    return std::nullopt;
}

std::vector<std::string> helper_arguments(pid_t pid, const std::vector<IdRange>& ranges) {
    std::vector<std::string> arguments{std::to_string(pid)};
    for (const IdRange& range : ranges) {
        arguments.push_back(std::to_string(range.inside));
        arguments.push_back(std::to_string(range.outside));
        arguments.push_back(std::to_string(range.count));
    }
    return arguments;
}

}  // namespace glovebox::sandbox
