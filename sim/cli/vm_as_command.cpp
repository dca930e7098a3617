// SPDX-License-Identifier: Apache-2.0

// glovebox vm as: a command with the ids of this machine's user, in a guest. init starts it.

#include <grp.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/argument_pointers.h"
#include "sim/cli/vm_options.h"

namespace glovebox::cli {
namespace {

int run_as(const Values& values) {
    std::vector<gid_t> groups;
    for (const gid_t group : values.numbers<gid_t>("--group"))
        groups.push_back(group);
    if (::setgroups(groups.size(), groups.data()) != 0 ||
        ::setresgid(groups.front(), groups.front(), groups.front()) != 0)
        throw ErrorException(errno_error("cannot take the user's groups", errno));
    const auto user = values.number<uid_t>("--user");
    if (::setresuid(user, user, user) != 0)
        throw ErrorException(errno_error("cannot become the user", errno));
    std::vector<std::string> words = values.list("COMMAND");
    ::execvp(words.front().c_str(), argument_pointers(words).data());
    throw ErrorException(errno_error("cannot run " + words.front(), errno));
}

Option id(std::string_view name, std::string_view noun, Repeat repeat) {
    return {.name = name,
            .kind = Kind::number,
            .placeholder = "ID",
            .noun = noun,
            .least = 0,
            .most = 4294967294,
            .repeat = repeat,
            .is_required = true,
            .summary = noun};
}

}  // namespace

Command vm_as_command() {
    return {.name = "as",
            .summary = "Run a command as another user, by numbers",
            .options = {id("--user", "a user's number", Repeat::no),
                        id("--group", "a group's number, the user's own first", Repeat::list)},
            .positionals = {{.name = "COMMAND",
                             .repeat = Repeat::list,
                             .is_required = true,
                             .summary = "The command and its arguments, after --"}},
            .examples = {{"As an ordinary user", "glovebox vm as --user 1000 --group 1000 -- id"}},
            .see_also = {"glovebox-vm(1)"},
            .run = run_as,
            .is_hidden = true};
}

}  // namespace glovebox::cli
