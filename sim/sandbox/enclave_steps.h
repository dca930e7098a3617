// SPDX-License-Identifier: Apache-2.0

// The steps that both kinds of sandbox share: the stage, and what AWS's init mounts in an enclave.
//
// AWS's init (PID 1 of an enclave) mounts, in this order and with these flags:
//
//   devtmpfs "dev" /dev            NOSUID NOEXEC           proc  /proc            nnn
//   symlinks /dev/fd stdin stdout stderr                   tmpfs /run             nnn, mode=0755
//   tmpfs /tmp                     nnn                     tmpfs "shm" /dev/shm   nnn
//   devpts /dev/pts                NOSUID NOEXEC           sysfs /sys             nnn
//   tmpfs "cgroup_root" /sys/fs/cgroup  nnn, mode=0755     cgroup v1 below it
//
// (nnn = NODEV NOSUID NOEXEC.) Here /dev is a tmpfs with the machine's harmless devices bound into
// it, and below /sys/fs/cgroup there is nothing: the cgroups would be the machine's.
//
// /dev, /proc and /sys show parts of the machine, so they are mounted before enter_root, which
// locks them. The others are the enclave's own and come after it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"
#include "sim/sandbox/step.h"
#include "sim/sandbox/trust.h"

namespace glovebox::sandbox {

// What an enclave is given, whatever runs in it.
struct EnclaveResources {
    // As `nitro-cli run-enclave --memory`: also half of it is the size of each tmpfs, and it is
    // what /proc/meminfo says.
    std::optional<std::uint64_t> memory_bytes;
    std::optional<unsigned> cpu_count;
    // The host's name of the console, a pseudo-terminal's other end (/dev/pts/4). Empty:
    // /dev/console is the program's standard output.
    std::string console_path;
    // Trusted beside those that the root trusts.
    std::optional<TrustedAuthority> authority;
};

// Mounts the stage, empty, with its folder "root".
void add_stage(std::vector<Step>& steps, const EnclaveResources& resources);

// Before enter_root: /dev with what stands for the hardware (/dev/nsm, /dev/vsock, /dev/hwrng),
// /proc and /sys. The root must have these folders.
void add_machine_mounts(std::vector<Step>& steps, const Machine& machine,
                        const EnclaveResources& resources);

// The folders that are a tmpfs in an enclave, in the order in which AWS's init mounts them.
inline constexpr std::array tmpfs_folders{"/run", "/tmp", "/dev/shm"};

// One of them. After enter_root, unless something of the machine's is to be seen in it.
void add_tmpfs(std::vector<Step>& steps, const std::string& folder,
               const EnclaveResources& resources);

// After enter_root and add_tmpfs: what else AWS's init mounts, and the files that say the enclave's
// memory, CPUs and hardware generator. `cpus` are the chosen ones, empty for all.
void add_own_mounts(std::vector<Step>& steps, const Machine& machine, const IdMapping& ids,
                    const EnclaveResources& resources, const std::vector<int>& cpus);

// The overlay of `lower`, a folder of the host's, on `target` in the root (or, with an empty
// target, as the root itself): what is written goes to the stage's folder /upper/NAME and is
// forgotten with it. Between this call and the mount, `prepared` steps may fill the upper folder.
void add_overlay(std::vector<Step>& steps, const std::string& lower, const std::string& target,
                 const std::string& name, const std::vector<Step>& prepared = {});

// The network files of an image that nitro-cli builds: /etc/resolv.conf dangles, /etc/hosts knows
// localhost, and there is no /etc/hostname. For the upper folder `upper_etc` of an overlay.
[[nodiscard]] std::vector<Step> network_files(const std::string& upper_etc);

// The limits that a kernel gives its first process (INIT_RLIMITS), where they bite: 1024 open
// files, 4096 at most.
[[nodiscard]] std::vector<ResourceLimit> enclave_limits();

// The first `count` of the CPUs; all of them, and a sentence in `shortfalls`, where there are
// fewer.
[[nodiscard]] std::vector<int> choose_cpus(const Machine& machine, std::optional<unsigned> count,
                                           std::vector<std::string>& shortfalls);

}  // namespace glovebox::sandbox
