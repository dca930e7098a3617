// SPDX-License-Identifier: Apache-2.0

// Who is who inside: the uid_map and gid_map of a sandbox's user namespace (user_namespaces(7)).
//
// An enclave's program is root and may be anyone. How much of that a machine gives depends on who
// asks:
//
//   root            every id that root has here is mapped to itself: chown, setuid and setgroups
//   subordinate ids an ordinary user is 0 inside, and 1..65535 are the user's IDs of /etc/subuid
//                   and /etc/subgid, which the setuid helpers newuidmap and newgidmap may map
//   one id          an ordinary user is 0 inside and there is nobody else: chown and setuid to
//                   others are EINVAL, setgroups is EPERM, files of others belong to 65534
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::sandbox {

// `count` ids from `inside` on are the ids from `outside` on in the caller's namespace.
struct IdRange {
    std::uint32_t inside = 0;
    std::uint32_t outside = 0;
    std::uint32_t count = 0;
    bool operator==(const IdRange&) const = default;
};

struct IdMapping {
    std::vector<IdRange> uids;
    std::vector<IdRange> gids;
    bool setgroups = false;     // may setgroups(2) be called inside?
    bool with_helpers = false;  // written by newuidmap and newgidmap, which are setuid root
    std::string note;           // what this mapping can't do, as a sentence; empty where it can all
    bool operator==(const IdMapping&) const = default;

    // Whether ids other than 0 exist inside.
    [[nodiscard]] bool has_gid(std::uint32_t inside) const;
};

// What the choice depends on.
struct IdFacts {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<IdRange> own_uids;  // the caller's own /proc/self/uid_map
    std::vector<IdRange> own_gids;
    std::optional<IdRange> subordinate_uids;  // `outside` and `count` of /etc/subuid's line
    std::optional<IdRange> subordinate_gids;
    bool helpers = false;  // newuidmap and newgidmap are on the PATH
};

[[nodiscard]] IdMapping choose_id_mapping(const IdFacts& facts);

// Each ID that a namespace with the ranges `own` has, to itself in a namespace below it: `inside`
// of the one is `outside` of the other.
[[nodiscard]] std::vector<IdRange> identity(const std::vector<IdRange>& own);

// The lines of /proc/PID/uid_map, written and read.
[[nodiscard]] std::string to_id_map(const std::vector<IdRange>& ranges);
[[nodiscard]] std::vector<IdRange> parse_id_map(std::string_view text);

// The first range of /etc/subuid or /etc/subgid that belongs to the user, by name or by number.
[[nodiscard]] std::optional<IdRange> find_subordinate_ids(std::string_view text,
                                                          std::string_view user_name, uid_t uid);

// The arguments of newuidmap or newgidmap after its name: PID, then inside, outside, count.
[[nodiscard]] std::vector<std::string> helper_arguments(pid_t pid,
                                                        const std::vector<IdRange>& ranges);

}  // namespace glovebox::sandbox
