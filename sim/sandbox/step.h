// SPDX-License-Identifier: Apache-2.0

// One step of building a sandbox, as data.
//
// The new root is built beside the machine's tree. A private tmpfs, the *stage*, holds scratch
// folders (the upper and work folders of overlays, files to be bound) and the folder "root", on
// which the new root is mounted. Every target is looked up *inside* the stage or the new root
// (openat2(2), RESOLVE_IN_ROOT), so an absolute symlink in an image cannot lead to the machine's
// folders.
//
// The step enter_root makes the new root the only one, and locks its mounts (outer_process.h):
// everything that shows a part of the machine or hides one from the program. The steps after it
// make the enclave's own mounts, which the program may remount and unmount as on Nitro.
//
// Pure functions make a plan of steps (command_plan.h, root_fs_plan.h), builder.h carries it out in
// a forked child, and describe() puts steps into words.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace glovebox::sandbox {

// The mount point of the stage. Every machine has this folder, no source of a bind is in it, and
// the new root has its own /proc.
inline constexpr const char* stage_path = "/proc";

// The folder of the stage that the new root is mounted on.
inline constexpr const char* root_folder = "root";

enum class Place : std::uint8_t { host, stage, root };

struct Step {
    enum class Op : std::uint8_t {
        make_directory,  // target, mode; an existing one stays as it is
        write_file,      // target, mode, data: the content
        extend_file,     // target, new: the content of the host's file `source`, then data
        symlink,         // target: the link's name, source: its content; an existing one stays
        whiteout,        // target: a name of the lower folder that an overlay above it hides
        mount,           // a new file system: source, target, type, flags, data
        bind,            // source (in `source_place`) and everything below it, visible at target
        unmount,         // target: a mount made after enter_root
        enter_root,  // the new root becomes "/", locked; the machine's tree and the stage disappear
    };

    Op op = Op::make_directory;
    Place place = Place::root;  // of the target; `host` only for the mounts that begin a plan
    std::string target;         // absolute within its place: "/dev/null"
    Place source_place = Place::host;
    std::string source;
    std::string type;
    unsigned long flags = 0;  // mount(2)'s MS_*; a bind knows MS_RDONLY only
    std::string data;
    mode_t mode = 0;
    bool may_be_absent = false;  // a missing target is no failure
    bool or_read_only = false;   // read-only if a container's own /proc or /sys is read-only
    // Of a mount: the folder of the stage that is bound read-only if the mount fails; empty: none.
    std::string or_bound;
    std::string text;  // AWS's init's message before ": <strerror>"; empty if it has none

    bool operator==(const Step&) const = default;
};

// A step in an error message: in the words of AWS's init if it has such a step ("mount: /proc"),
// otherwise in Glovebox's ("bind /dev/null on /dev/nsm").
[[nodiscard]] std::string describe(const Step& step);

// Constructors, in the order of the enum.
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

// The same step: with its target on the stage; with its source on the stage or in the new root;
// with AWS's words.
[[nodiscard]] Step on_stage(Step step);
[[nodiscard]] Step from_stage(Step step);
[[nodiscard]] Step from_root(Step step);
[[nodiscard]] Step says(Step step, std::string text);

}  // namespace steps

}  // namespace glovebox::sandbox
