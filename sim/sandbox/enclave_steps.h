// SPDX-License-Identifier: Apache-2.0

// The steps that both kinds of sandbox share: the stage, and the mounts of AWS's init.
//
// AWS's init (PID 1 of an enclave) mounts, in this order and with these flags:
//
//   devtmpfs "dev" /dev            NOSUID NOEXEC           proc  /proc            nnn
//   symlinks /dev/fd stdin stdout stderr                   tmpfs /run             nnn, mode=0755
//   tmpfs /tmp                     nnn                     tmpfs "shm" /dev/shm   nnn
//   devpts /dev/pts                NOSUID NOEXEC           sysfs /sys             nnn
//   tmpfs "cgroup_root" /sys/fs/cgroup  nnn, mode=0755     cgroup v1 below it
//
// (nnn = NODEV NOSUID NOEXEC.) In the sandbox, /dev is a tmpfs with the harmless devices of the
// machine bound into it, and /sys/fs/cgroup is empty, because the cgroups would be the machine's.
//
// /dev, /proc and /sys show parts of the machine, so they are mounted before enter_root, which
// locks them. The other mounts belong to the enclave and follow it.
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

// The resources of an enclave, for either kind of sandbox.
struct EnclaveResources {
    // As `nitro-cli run-enclave --memory`. Each tmpfs may grow to half of it, and /proc/meminfo
    // shows it.
    std::optional<std::uint64_t> memory_bytes;
    std::optional<unsigned> cpu_count;
    // The console: the host's name of a pseudo-terminal's other end (/dev/pts/4). Empty:
    // /dev/console is the program's standard output.
    std::string console_path;
    // Trusted in addition to the authorities that the root trusts.
    std::optional<TrustedAuthority> authority;
};

// A plan with the machine's IDs and the enclave's resources, whose first steps make the stage.
[[nodiscard]] SandboxPlan begin_plan(const Machine& machine, const EnclaveResources& resources);

// Mounts an empty stage with its folder "root" (step.h).
void add_stage(std::vector<Step>& steps, const EnclaveResources& resources);

// Before enter_root: /dev with the placeholders for hardware (/dev/nsm, /dev/vsock, /dev/hwrng),
// /proc and /sys. The root has these folders already.
// `cpus` are the chosen CPUs, empty for all.
void add_machine_mounts(std::vector<Step>& steps, const Machine& machine,
                        const EnclaveResources& resources, const std::vector<int>& cpus);

// The tmpfs folders of an enclave, in the order in which AWS's init mounts them.
inline constexpr std::array tmpfs_folders{"/run", "/tmp", "/dev/shm"};

// Mounts one of them. Add it after enter_root, or before it if a folder of the machine is to be
// visible in it.
void add_tmpfs(std::vector<Step>& steps, const std::string& folder,
               const EnclaveResources& resources);

// After enter_root and add_tmpfs: the other mounts of AWS's init, and the files that state the
// enclave's memory, CPUs and hardware generator.
void add_own_mounts(std::vector<Step>& steps, const Machine& machine, const IdMapping& ids,
                    const EnclaveResources& resources, const std::vector<int>& cpus);

// The files of the enclave's memory, CPUs and hardware generator alone. A folder /run is there.
void add_stand_ins(std::vector<Step>& steps, const Machine& machine,
                   const EnclaveResources& resources, const std::vector<int>& cpus);

// An overlay of `lower`, a folder of the host, on `target` in the root; an empty target is the root
// itself. Writes go to the stage's folder /upper/NAME and are discarded with it. The steps
// `prepared` run before the mount and may fill the upper folder.
void add_overlay(std::vector<Step>& steps, const std::string& lower, const std::string& target,
                 const std::string& name, const std::vector<Step>& prepared = {});

// The network files of an image that nitro-cli builds: a dangling /etc/resolv.conf, an /etc/hosts
// with localhost, no /etc/hostname. `upper_etc` is the upper folder of an overlay, on the stage.
[[nodiscard]] std::vector<Step> network_files(const std::string& upper_etc);

// The soft limits that a kernel gives its first process (INIT_RLIMITS), as far as they matter: 1024
// open files, no core files, 8 MiB of stack. The hard limits stay this machine's: an enclave's root
// may raise its own.
[[nodiscard]] std::vector<ResourceLimit> enclave_limits();

// The first `count` CPUs of the caller. If there are fewer: all, and a sentence in `shortfalls`.
// Empty without a count.
[[nodiscard]] std::vector<int> choose_cpus(const Machine& machine, std::optional<unsigned> count,
                                           std::vector<std::string>& shortfalls);

}  // namespace glovebox::sandbox
