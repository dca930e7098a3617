// SPDX-License-Identifier: Apache-2.0

// The sandbox of a root file system: `glovebox run --rootfs DIR`, and the unpacked ramdisks of an
// image. It starts as AWS's init starts an enclave, step by step and with its messages:
//
//   /env and /cmd are read      argv is the lines of /cmd, the environment exactly those of /env
//   the root is entered         here an overlay of DIR: writable, discarded at the end
//   mounts                      enclave_steps.h
//   fork, setsid, execvpe       argv[0] without '/' is searched in /sbin:/usr/sbin:/bin:/usr/bin,
//                               whatever PATH the image has
//   wait                        the end of the first child is the end of the enclave
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/enclave_steps.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

// The search path of AWS's init for a program without '/', and the PATH of an image without ENV.
inline constexpr std::string_view aws_init_search_path = "/sbin:/usr/sbin:/bin:/usr/bin";

struct RootFsRequest {
    std::string directory;                 // absolute
    std::vector<std::string> command;      // the lines of /cmd; empty: "sh"
    std::vector<std::string> environment;  // the lines of /env; empty: the PATH above
    // Whether the directory is a container's file system and not yet an enclave's. Then the changes
    // that nitro-cli build-enclave makes are made here too (resolv.conf, hosts, hostname, mtab).
    bool as_nitro_cli_builds = true;
    EnclaveResources resources;
};

// The facts about the directory that a plan depends on.
struct RootFsFacts {
    bool is_directory = false;
    bool has_etc = false;   // /etc is a directory of its own, not a symlink
    bool has_mtab = false;  // /etc/mtab is there
    TrustPlaces trust = {};
};

// Never fails: a fact that cannot be read is false or absent.
[[nodiscard]] RootFsFacts read_root_fs(const std::string& directory);

// The error is SandboxError::bad_request: the directory is none.
[[nodiscard]] Result<SandboxPlan> make_root_fs_plan(const RootFsRequest& request,
                                                    const RootFsFacts& facts,
                                                    const Machine& machine);

// The items of a /cmd or /env file as AWS's init reads them: one a line, without quoting. An empty
// line is an empty item. The last line may lack its newline. A NUL ends its item.
[[nodiscard]] std::vector<std::string> read_init_lines(std::string_view text);

// For a program that AWS's init does not find, but the image's PATH would: its path in the image,
// so that the error can suggest it. Empty if it is not there either. Looks in `directory`.
[[nodiscard]] std::string find_in_image_path(const RootFsRequest& request);

}  // namespace glovebox::sandbox
