// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::core {
namespace {

constexpr std::uint32_t version_flag = 1;
constexpr int path_beneath = 1;
constexpr std::uint64_t connect_tcp = 1 << 1;
constexpr std::uint64_t scope_signal = 1 << 1;

// What each version adds to the first one's.
constexpr int version_of_refer = 2;
constexpr int version_of_truncate = 3;
constexpr int version_of_network = 4;
constexpr int version_of_scopes = 6;
constexpr std::uint64_t refer = 1 << 13;
constexpr std::uint64_t truncate = 1 << 14;

// Of a rule for a file instead of a folder: EXECUTE, WRITE_FILE, READ_FILE and TRUNCATE.
constexpr std::uint64_t accesses_of_files = (1 << 0) | (1 << 1) | (1 << 2) | truncate;

// struct landlock_ruleset_attr. Later members are zero for a kernel that does not know them.
struct RulesetAttribute {
    std::uint64_t files;
    std::uint64_t network;
    std::uint64_t scopes;
};

// struct landlock_path_beneath_attr.
struct [[gnu::packed]] PathAttribute {
    std::uint64_t accesses;
    std::int32_t folder;
};

}  // namespace

int Landlock::version() {
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, version_flag);
    return version > 0 ? static_cast<int>(version) : 0;
}

Result<Landlock> Landlock::make(int version, std::uint64_t files, bool connects_by_tcp) {
    if (version < version_of_refer)
        files &= ~refer;
    if (version < version_of_truncate)
        files &= ~truncate;
    const RulesetAttribute attribute{
        files, version >= version_of_network && !connects_by_tcp ? connect_tcp : 0,
        version >= version_of_scopes ? scope_signal : 0};
    UniqueFd rules(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0)));
    if (!rules)
        return errno_error("landlock_create_ruleset", errno);
    return Landlock(std::move(rules), files);
}

Result<void> Landlock::allow(const std::string& path, std::uint64_t accesses) {
    const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (!place || ::fstat(place.get(), &status) != 0)
        return {};
    PathAttribute rule{accesses & files_, place.get()};
    if (!S_ISDIR(status.st_mode))
        rule.accesses &= accesses_of_files;
    if (::syscall(SYS_landlock_add_rule, rules_.get(), path_beneath, &rule, 0) != 0)
        return errno_error("landlock_add_rule " + path, errno);
    return {};
}

Result<void> Landlock::restrict_this_thread() {
    if (::syscall(SYS_landlock_restrict_self, rules_.get(), 0) != 0)
        return errno_error("landlock_restrict_self", errno);
    return {};
}

}  // namespace glovebox::core
