// SPDX-License-Identifier: Apache-2.0

// The sandbox of a root file system: `glovebox run --rootfs DIR`, and the unpacked ramdisks of an
// image. Start-up is AWS's init, step by step and in its words:
//
//   /env and /cmd are read      argv is the lines of /cmd, the environment exactly those of /env
//   the root is entered         here an overlay of DIR: writable, forgotten at exit
//   mounts                      enclave_steps.h
//   fork, setsid, execvpe       argv[0] without '/' is searched in /sbin:/usr/sbin:/bin:/usr/bin,
//                               whatever PATH the image has
//   wait                        the first child's end is the enclave's
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/enclave_steps.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

// Where AWS's init looks for a program without '/', and the PATH of an image that has no ENV.
inline constexpr std::string_view aws_init_search_path = "/sbin:/usr/sbin:/bin:/usr/bin";

struct RootFsRequest {
    std::string directory;                 // absolute
    std::vector<std::string> command;      // the lines of /cmd; none: "sh"
    std::vector<std::string> environment;  // the lines of /env; none: a default PATH
    // The directory is a container's file system, not yet an enclave's: what nitro-cli
    // build-enclave changes in it is done here too (resolv.conf, hosts, hostname, mtab).
    bool as_nitro_cli_builds = true;
    EnclaveResources resources;
};

// What a plan depends on of the directory itself.
struct RootFsFacts {
    bool is_directory = false;
    bool has_etc = false;   // /etc is a directory of its own, not a symlink
    bool has_mtab = false;  // /etc/mtab is there
    TrustPlaces trust = {};
};

[[nodiscard]] RootFsFacts read_root_fs(const std::string& directory);

[[nodiscard]] Result<SandboxPlan> make_root_fs_plan(const RootFsRequest& request,
                                                    const RootFsFacts& facts,
                                                    const Machine& machine);

// The items of a /cmd or /env file as AWS's init reads them: one a line, nothing quoted, an empty
// line is an empty item, and the last line may lack its newline. A NUL ends its item.
[[nodiscard]] std::vector<std::string> read_init_lines(std::string_view text);

// For a program that AWS's init would not find but the image's PATH would: where it is, so that the
// sentence can say to write that. Empty when there is no such place. Looks in `directory`.
[[nodiscard]] std::string find_in_image_path(const RootFsRequest& request);

}  // namespace glovebox::sandbox
