// SPDX-License-Identifier: Apache-2.0

// One thing done while the room is built, as data.
//
// The new root is built beside the machine's tree: a private tmpfs, the *stage*, holds scratch
// folders (an overlay's upper and work folder, files that are bound somewhere) and the folder
// "root", on which the new root is mounted. Every target is looked up *inside* the stage or the new
// root (openat2's RESOLVE_IN_ROOT), so that an absolute symlink of an image can't lead to the
// machine's folders.
//
// The step enter_root makes the new root the only one, and locks what is mounted there
// (outer_process.h): everything that shows a part of the machine or keeps the program from one.
// The steps after it mount what is the enclave's own, which the program may remount and unmount as
// on Nitro.
//
// A plan of steps is made by pure functions (command_plan.h, root_fs_plan.h), carried out by
// builder.h in a forked child, and put into words by describe().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace glovebox::sandbox {

// Where the stage is mounted. Every machine has the folder, no source of a bind lies in it, and the
// new root brings its own /proc.
inline constexpr const char* stage_path = "/proc";

// The folder of the stage that the new root is mounted on.
inline constexpr const char* root_folder = "root";

enum class Place : std::uint8_t { host, stage, root };

struct Step {
    enum class Op : std::uint8_t {
        make_directory,  // target, mode; an existing one is left as it is
        write_file,      // target, mode, data: the content
        extend_file,     // target, new: the content of the host's file `source`, then data
        symlink,         // target: the link's name, source: what it says; an existing one is left
        whiteout,        // target: what an overlay above it shall not see of its lower folder
        mount,           // a new file system: source, target, type, flags, data
        bind,            // source (in `source_place`) and all below it, seen at target
        unmount,         // target: a mount made after enter_root
        enter_root,  // the new root becomes "/", locked; the machine's tree and the stage are gone
    };

    Op op = Op::make_directory;
    Place place = Place::root;  // where target is; `host` only for the mounts that begin a plan
    std::string target;         // absolute within its place: "/dev/null"
    Place source_place = Place::host;
    std::string source;
    std::string type;
    unsigned long flags = 0;  // mount(2)'s MS_*; MS_RDONLY is the one that a bind knows
    std::string data;
    mode_t mode = 0;
    bool may_be_absent = false;  // a target that isn't there is no failure
    bool or_read_only = false;   // where a container's /proc or /sys is read-only, so is this mount
    std::string text;            // what AWS's init would print before ": <strerror>"; else empty

    bool operator==(const Step&) const = default;
};

// The words for a step in an error: AWS's init's own where it has such a step ("mount: /proc"),
// else Glovebox's ("bind /dev/null on /dev/nsm").
[[nodiscard]] std::string describe(const Step& step);

// Named constructors, in the order of the enum.
namespace steps {

[[nodiscard]] Step make_directory(std::string target, mode_t mode = 0755);
[[nodiscard]] Step write_file(std::string target, std::string content, mode_t mode = 0644);
[[nodiscard]] Step extend_file(std::string source, std::string target, std::string more);
[[nodiscard]] Step symlink(std::string target, std::string link_text);
[[nodiscard]] Step whiteout(std::string target);
[[nodiscard]] Step mount(std::string type, std::string source, std::string target,
                         unsigned long flags, std::string data = {});
[[nodiscard]] Step bind(std::string source, std::string target, bool read_only);
[[nodiscard]] Step unmount(std::string target);
[[nodiscard]] Step enter_root();

// The same step, with its target on the stage, with its source on the stage or in the new root, or
// with AWS's words.
[[nodiscard]] Step on_stage(Step step);
[[nodiscard]] Step from_stage(Step step);
[[nodiscard]] Step from_root(Step step);
[[nodiscard]] Step says(Step step, std::string text);

}  // namespace steps

}  // namespace glovebox::sandbox
