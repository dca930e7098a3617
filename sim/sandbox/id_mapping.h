// SPDX-License-Identifier: Apache-2.0

// The users and groups inside: the uid_map and gid_map of a sandbox's user namespace
// (user_namespaces(7)).
//
// The program of an enclave is root and may become any user. How far a machine allows that depends
// on the caller:
//
//   root            every ID that root has here is mapped to itself: chown, setuid and setgroups
//                   work
//   subordinate IDs an ordinary user is 0 inside, and 1..65535 are the user's IDs of /etc/subuid
//                   and /etc/subgid, which the setuid helpers newuidmap and newgidmap may map
//   one ID          an ordinary user is 0 inside, and there is no other ID: chown and setuid to
//                   others fail with EINVAL, setgroups with EPERM; others' files belong to 65534
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::sandbox {

// The `count` IDs from `inside` on are the IDs from `outside` on in the caller's namespace.
struct IdRange {
    std::uint32_t inside = 0;
    std::uint32_t outside = 0;
    std::uint32_t count = 0;
    bool operator==(const IdRange&) const = default;
};

struct IdMapping {
    std::vector<IdRange> uids;
    std::vector<IdRange> gids;
    bool setgroups = false;     // whether setgroups(2) is allowed inside
    bool with_helpers = false;  // written by newuidmap and newgidmap, which are setuid root
    std::string note;           // a sentence about what this mapping cannot do; may be empty
    bool operator==(const IdMapping&) const = default;

    // Whether this group ID exists inside.
    [[nodiscard]] bool has_gid(std::uint32_t inside) const;
};

// The facts that the choice depends on.
struct IdFacts {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<IdRange> own_uids;  // the caller's own /proc/self/uid_map
    std::vector<IdRange> own_gids;
    std::optional<IdRange> subordinate_uids;  // `outside` and `count` of /etc/subuid's line
    std::optional<IdRange> subordinate_gids;
    bool helpers = false;  // newuidmap and newgidmap are installed (find_helper)
};

// The first of the three mappings above that the caller can have.
[[nodiscard]] IdMapping choose_id_mapping(const IdFacts& facts);

// Maps each ID of a namespace to itself in a namespace below it. `own` are the ranges of the upper
// one; its `inside` is the `outside` of the lower one.
[[nodiscard]] std::vector<IdRange> identity(const std::vector<IdRange>& own);

// The text of /proc/PID/uid_map; malformed lines are skipped.
[[nodiscard]] std::string to_id_map(const std::vector<IdRange>& ranges);
[[nodiscard]] std::vector<IdRange> parse_id_map(std::string_view text);

// The first range that belongs to the user, by name or by number, in the text of /etc/subuid or
// /etc/subgid. `inside` is 1.
[[nodiscard]] std::optional<IdRange> find_subordinate_ids(std::string_view text,
                                                          std::string_view user_name, uid_t uid);

// The arguments of newuidmap or newgidmap after its name: PID, then inside, outside, count.
[[nodiscard]] std::vector<std::string> helper_arguments(pid_t pid,
                                                        const std::vector<IdRange>& ranges);

}  // namespace glovebox::sandbox
