// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/enclave_steps.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>

#include "sim/sandbox/cpu_steps.h"

namespace glovebox::sandbox {
namespace {

constexpr unsigned long nnn = MS_NODEV | MS_NOSUID | MS_NOEXEC;

// The group of new terminals in devpts, if it exists inside, as in distributions.
constexpr std::uint32_t tty_group = 5;

std::string with_size(std::string options, const EnclaveResources& resources) {
    if (!resources.memory_bytes)
        return options;
    // Each tmpfs of an enclave may grow to half of its memory, the kernel's default.
    const std::string size = fmt::format("size={}", *resources.memory_bytes / 2);
    return options.empty() ? size : options + "," + size;
}

// One device of the host, visible as `name` in the sandbox's /dev. It can be opened for writing as
// usual. The node is read-only, because a chmod(2) by a sandbox's root who is also the host's would
// change the host's node.
void add_device(std::vector<Step>& out, const std::string& host_path, const std::string& name) {
    out.push_back(steps::write_file("/dev/" + name, "", 0666));
    out.push_back(steps::bind(host_path, "/dev/" + name, true));
}

void add_devices(std::vector<Step>& out, const Machine& machine,
                 const EnclaveResources& resources) {
    for (const std::string& device : machine.devices) {
        if (const std::size_t slash = device.find('/'); slash != std::string::npos)
            out.push_back(steps::make_directory("/dev/" + device.substr(0, slash)));
        add_device(out, "/dev/" + device, device);
    }
    // Placeholders: stat(2) shows a character device with mode 0666. The supervisor answers the
    // calls, and recognises a descriptor by its name, since the inode is /dev/null's.
    add_device(out, "/dev/null", "nsm");
    add_device(out, "/dev/null", "vsock");
    // Writes to the kernel's log are discarded; the NSM's generator is the host's.
    add_device(out, "/dev/null", "kmsg");
    add_device(out, "/dev/urandom", "hwrng");
    out.push_back(steps::symlink("/dev/ptmx", "pts/ptmx"));
    // Before the console: a tmpfs lists the newest name first, and ttyname(3) takes the first.
    out.push_back(steps::symlink("/dev/ttyS0", "console"));
    if (resources.console_path.empty()) {
        out.push_back(steps::symlink("/dev/console", "/proc/self/fd/1"));
    } else {
        add_device(out, resources.console_path, "console");
    }
}

// The files of procfs and sysfs recognise root by the user ID only. If the sandbox's root is the
// machine's, all of procfs but the processes is read-only; the network's own settings stay
// writable.
void guard_proc(std::vector<Step>& out, const Machine& machine) {
    out.push_back(steps::on_stage(steps::make_directory("/proc-sys-net")));
    out.push_back(
        steps::on_stage(steps::from_root(steps::bind("/proc/sys/net", "/proc-sys-net", false))));
    for (const std::string& entry : machine.proc_entries) {
        Step guard = steps::from_root(steps::bind("/proc/" + entry, "/proc/" + entry, true));
        guard.may_be_absent = true;  // a kernel module may have gone since the machine was read
        out.push_back(std::move(guard));
    }
    out.push_back(steps::from_stage(steps::bind("/proc-sys-net", "/proc/sys/net", false)));
}

// A procfs that nothing covers. The kernel lets nobody in a user namespace mount a procfs that
// would show more than those that they have (mount_namespaces(7)), and of the one at /proc some
// files are covered. It lies in a folder that the enclave's own /dev hides, so no program finds it.
// If the sandbox's root is the machine's, it is read-only, and so is every one that can be mounted.
void add_whole_proc(std::vector<Step>& out, const Machine& machine) {
    out.push_back(steps::mount("tmpfs", "glovebox", "/dev", nnn, "mode=0755"));
    out.push_back(steps::make_directory("/dev/proc"));
    Step proc =
        steps::mount("proc", "proc", "/dev/proc", machine.is_root() ? nnn | MS_RDONLY : nnn);
    proc.or_read_only = true;
    out.push_back(std::move(proc));
}

// The folder of the files that replace some of procfs and sysfs, before they are bound.
constexpr const char* stand_ins = "/run";

// Covers a file of procfs or sysfs by a file with `content`.
void add_stand_in(std::vector<Step>& out, const std::string& name, const std::string& content,
                  const std::string& target) {
    const std::string file = std::string(stand_ins) + "/" + name;
    out.push_back(steps::write_file(file, content, 0444));
    Step bind = steps::from_root(steps::bind(file, target, true));
    bind.may_be_absent = true;
    out.push_back(std::move(bind));
}

void add_hwrng_name(std::vector<Step>& out, const Machine& machine) {
    const std::string name = "nsm-hwrng\n";
    if (!machine.rng_current_path.empty()) {
        add_stand_in(out, "rng_current", name, machine.rng_current_path);
        return;
    }
    // A host without the class: no name can be added to sysfs, but a tmpfs can cover the class's
    // folder.
    out.push_back(steps::mount("tmpfs", "misc", "/sys/class/misc", nnn, "mode=0755"));
    out.push_back(steps::make_directory("/sys/class/misc/hw_random"));
    out.push_back(steps::write_file("/sys/class/misc/hw_random/rng_current", name, 0644));
}

std::string meminfo(std::uint64_t bytes) {
    const std::uint64_t kib = bytes / 1024;
    std::string text;
    const auto line = [&text](const char* name, std::uint64_t value) {
        text += fmt::format("{:<16}{:>8} kB\n", std::string(name) + ":", value);
    };
    line("MemTotal", kib);
    line("MemFree", kib);
    line("MemAvailable", kib);
    for (const char* name : {"Buffers", "Cached", "SwapCached", "SwapTotal", "SwapFree"})
        line(name, 0);
    return text;
}

}  // namespace

SandboxPlan begin_plan(const Machine& machine, const EnclaveResources& resources) {
    SandboxPlan plan;
    plan.ids = choose_id_mapping(machine.ids);
    if (!plan.ids.note.empty())
        plan.notes.push_back(plan.ids.note);
    plan.memory_bytes = resources.memory_bytes;
    plan.cpus = choose_cpus(machine, resources.cpu_count, plan.shortfalls);
    plan.limits = enclave_limits();
    add_stage(plan.steps, resources);
    return plan;
}

void add_stage(std::vector<Step>& out, const EnclaveResources& resources) {
    Step stage = steps::mount("tmpfs", "glovebox", stage_path, MS_NODEV | MS_NOSUID,
                              with_size("mode=0755", resources));
    stage.place = Place::host;
    out.push_back(std::move(stage));
    for (const char* folder : {"/root", "/upper", "/work", "/lower"})
        out.push_back(steps::on_stage(steps::make_directory(folder)));
}

void add_overlay(std::vector<Step>& out, const std::string& lower, const std::string& target,
                 const std::string& name, const std::vector<Step>& prepared) {
    out.push_back(steps::on_stage(steps::make_directory("/upper/" + name)));
    out.push_back(steps::on_stage(steps::make_directory("/work/" + name)));
    // Bound on the stage first, because a mount's options cannot express a ':' or a ',' in the
    // host's path.
    out.push_back(steps::on_stage(steps::make_directory("/lower/" + name)));
    out.push_back(steps::on_stage(steps::bind(lower, "/lower/" + name, false)));
    out.insert(out.end(), prepared.begin(), prepared.end());
    Step overlay = steps::mount(
        "overlay", "overlay", target, 0,
        fmt::format("lowerdir={0}/lower/{1},upperdir={0}/upper/{1},workdir={0}/work/{1},userxattr",
                    stage_path, name));
    if (target.empty()) {
        overlay.place = Place::stage;
        overlay.target = std::string("/") + root_folder;
    }
    overlay.text = fmt::format("mount an overlay of {}", lower);
    out.push_back(std::move(overlay));
}

std::vector<Step> network_files(const std::string& upper_etc) {
    return {
        steps::on_stage(steps::symlink(upper_etc + "/resolv.conf", "/run/resolvconf/resolv.conf")),
        steps::on_stage(steps::write_file(upper_etc + "/hosts",
                                          "127.0.0.1\tlocalhost\n"
                                          "::1\tlocalhost ip6-localhost ip6-loopback\n"
                                          "fe00::0\tip6-localnet\n"
                                          "ff00::0\tip6-mcastprefix\n"
                                          "ff02::1\tip6-allnodes\n"
                                          "ff02::2\tip6-allrouters\n",
                                          0644)),
        steps::on_stage(steps::whiteout(upper_etc + "/hostname")),
    };
}

void add_machine_mounts(std::vector<Step>& out, const Machine& machine,
                        const EnclaveResources& resources, const std::vector<int>& cpus) {
    using steps::says;
    if (machine.is_root() || resources.memory_bytes || !cpus.empty())
        add_whole_proc(out, machine);
    out.push_back(says(steps::mount("tmpfs", "dev", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"),
                       "mount: /dev"));
    add_devices(out, machine, resources);

    Step proc = says(steps::mount("proc", "proc", "/proc", nnn), "mount: /proc");
    proc.or_read_only = true;
    out.push_back(std::move(proc));
    if (machine.is_root())
        guard_proc(out, machine);
    out.push_back(says(steps::symlink("/dev/fd", "/proc/self/fd"), "symlink: /dev/fd"));
    out.push_back(says(steps::symlink("/dev/stdin", "/proc/self/fd/0"), "symlink: /dev/stdin"));
    out.push_back(says(steps::symlink("/dev/stdout", "/proc/self/fd/1"), "symlink: /dev/stdout"));
    out.push_back(says(steps::symlink("/dev/stderr", "/proc/self/fd/2"), "symlink: /dev/stderr"));

    Step sys =
        says(steps::mount("sysfs", "sysfs", "/sys", machine.is_root() ? nnn | MS_RDONLY : nnn),
             "mount: /sys");
    sys.or_read_only = true;
    out.push_back(std::move(sys));
    add_cpu_folder(out, machine, cpus);
}

void add_tmpfs(std::vector<Step>& out, const std::string& folder,
               const EnclaveResources& resources) {
    const bool is_shm = folder == "/dev/shm";
    if (is_shm)
        out.push_back(steps::says(steps::make_directory(folder), "mkdir: " + folder));
    out.push_back(
        steps::says(steps::mount("tmpfs", is_shm ? "shm" : "tmpfs", folder, nnn,
                                 with_size(folder == "/run" ? "mode=0755" : "", resources)),
                    "mount: " + folder));
}

void add_own_mounts(std::vector<Step>& out, const Machine& machine, const IdMapping& ids,
                    const EnclaveResources& resources, const std::vector<int>& cpus) {
    using steps::says;
    out.push_back(says(steps::make_directory("/dev/pts"), "mkdir: /dev/pts"));
    out.push_back(
        says(steps::mount("devpts", "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
                          ids.has_gid(tty_group)
                              ? fmt::format("newinstance,ptmxmode=0666,mode=0620,gid={}", tty_group)
                              : "newinstance,ptmxmode=0666,mode=0620"),
             "mount: /dev/pts"));
    Step cgroup = says(steps::mount("tmpfs", "cgroup_root", "/sys/fs/cgroup", nnn, "mode=0755"),
                       "mount: /sys/fs/cgroup");
    cgroup.may_be_absent = true;
    out.push_back(std::move(cgroup));

    add_stand_ins(out, machine, resources, cpus);
}

void add_stand_ins(std::vector<Step>& out, const Machine& machine,
                   const EnclaveResources& resources, const std::vector<int>& cpus) {
    out.push_back(steps::mount("tmpfs", "glovebox", stand_ins, nnn, "mode=0755"));
    add_hwrng_name(out, machine);
    if (resources.memory_bytes)
        add_stand_in(out, "meminfo", meminfo(*resources.memory_bytes), "/proc/meminfo");
    if (!cpus.empty() && !machine.cpuinfo.empty())
        add_stand_in(out, "cpuinfo", cpuinfo_of(machine.cpuinfo, cpus), "/proc/cpuinfo");
    out.push_back(steps::unmount(stand_ins));
}

std::vector<ResourceLimit> enclave_limits() {
    return {
        {RLIMIT_NOFILE, 1024},
        {RLIMIT_CORE, 0},
        {RLIMIT_STACK, 8UL << 20},
    };
}

std::vector<int> choose_cpus(const Machine& machine, std::optional<unsigned> count,
                             std::vector<std::string>& shortfalls) {
    if (!count)
        return {};
    if (*count > machine.cpus.size()) {
        shortfalls.push_back(
            fmt::format("{} CPUs were asked for and this machine lets us use {}: the enclave has "
                        "those",
                        *count, machine.cpus.size()));
        return machine.cpus;
    }
    return {machine.cpus.begin(), machine.cpus.begin() + *count};
}

}  // namespace glovebox::sandbox
