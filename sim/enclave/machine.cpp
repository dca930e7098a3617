// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "core/base/container.h"
#include "sim/enclave/sandbox_probe.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/supervisor/interception.h"

namespace glovebox::enclave {
namespace {

using State = Finding::State;

constexpr int ptrace_admin_only = 2;  // Documentation/admin-guide/LSM/Yama.rst
std::string container_remedy(const Machine& machine) {
    return "start the container with " + sandbox_settings(machine.container);
}

std::optional<int> read_number(const char* path) {
    std::ifstream file(path);
    int number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

// The drivers of vsock and of the NSM are "misc" devices (linux/major.h). The devices with these
// names in a supervised tree or a sandbox are not.
bool is_misc_device(const char* path) {
    constexpr unsigned misc_major = 10;
    struct stat status {};
    return ::stat(path, &status) == 0 && S_ISCHR(status.st_mode) &&
           major(status.st_rdev) == misc_major;
}

// "6.18.44-generic" is at least 6.6.
bool is_at_least(const std::string& release, int major_wanted, int minor_wanted) {
    int major_found = 0;
    int minor_found = 0;
    if (std::sscanf(release.c_str(), "%d.%d", &major_found, &minor_found) != 2)
        return false;
    return major_found != major_wanted ? major_found > major_wanted : minor_found >= minor_wanted;
}

// In a child, since unshare(2) cannot be undone.
int try_namespaces() {
    const pid_t child = ::fork();
    if (child < 0)
        return errno;
    if (child == 0)
        ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) == 0 ? 0
                                                                                          : errno);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

// The calls by which the supervisor reaches into a program, on a child. A traced program sends its
// descriptors itself.
Result<void> try_reach(bool is_traced) {
    static const char shared = 'x';
    const pid_t child = ::fork();
    if (child < 0)
        return errno_error("fork", errno);
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            ::pause();
    }
    const auto attempt = [child, is_traced]() -> Result<void> {
        char read = 0;
        const iovec here{&read, 1};
        const iovec there{const_cast<char*>(&shared), 1};
        if (::process_vm_readv(child, &here, 1, &there, 1, 0) != 1)
            return errno_error("process_vm_readv", errno);
        if (is_traced)
            return {};
        const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
        if (!process)
            return errno_error("pidfd_open", errno);
        const UniqueFd taken(
            static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), STDOUT_FILENO, 0)));
        // EBADF: the child has no such descriptor.
        return taken || errno == EBADF ? Result<void>() : errno_error("pidfd_getfd", errno);
    };
    auto result = attempt();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return result;
}

// Only where the driver is loaded already: the call would load it.
int try_vsock() {
    if (!is_misc_device("/dev/vsock"))
        return ENOENT;
    const UniqueFd device(::open("/dev/vsock", O_RDONLY | O_CLOEXEC));
    if (!device && errno != EACCES && errno != EPERM)
        return errno;  // a node without its driver
    const UniqueFd socket(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return socket ? 0 : errno;
}

int try_open(const char* path) {
    const UniqueFd file(::open(path, O_RDWR | O_CLOEXEC));
    return file ? 0 : errno;
}

bool has_virtualizing_processor() {
#if defined(__x86_64__)
    std::ifstream file("/proc/cpuinfo");
    for (std::string word; file >> word;)
        if (word == "vmx" || word == "svm")
            return true;
    return false;
#else
    return true;
#endif
}

Result<supervisor::SupervisionFeatures> try_supervision(bool& relabels) {
    std::unique_ptr<supervisor::Tracer> tracer;
    auto features = supervisor::intercept(
        {}, tracer, [](const std::vector<sock_filter>& filter, supervisor::Tracer* chosen) {
            return supervisor::probe_supervision(filter, chosen);
        });
    relabels = tracer != nullptr;
    return features;
}

Finding judge_supervision(const Machine& machine) {
    if (!machine.supervision)
        return {State::no, "supervision of programs", machine.supervision.error().message, ""};
    if (!machine.reach && machine.ptrace_scope >= ptrace_admin_only)
        return {State::no, "supervision of programs",
                fmt::format("Yama forbids to look into other processes (ptrace_scope {}): glovebox "
                            "run and parent work as root only",
                            machine.ptrace_scope),
                "sudo sysctl kernel.yama.ptrace_scope=1"};
    if (!machine.reach)
        return {State::no, "supervision of programs",
                fmt::format("a program's process can't be reached into: {}",
                            machine.reach.error().message),
                machine.container ? container_remedy(machine) : ""};
    if (machine.relabels)
        return {State::yes, "supervision of programs",
                "glovebox run --isolation none and glovebox parent work, by ptrace, since this "
                "container's system call filter denies AF_VSOCK. A connection takes about 0.4 ms "
                "more, and lost are: programs that trace others (gdb, strace), vsock sockets of "
                "programs with a system call filter of their own, and what needs a sandbox",
                container_remedy(machine)};
    return {State::yes, "supervision of programs",
            "glovebox run and glovebox parent work: AF_VSOCK and /dev/nsm for unmodified programs",
            ""};
}

Finding judge_wake_up(const Machine& machine) {
    constexpr const char* subject = "synchronous wake-up";
    if (!machine.supervision)
        return {State::limited, subject, "not known: programs can't be supervised here", ""};
    if (machine.supervision->wakes_up_synchronously)
        return {State::yes, subject, "an emulated ioctl takes about 20 us", ""};
    const bool is_new = is_at_least(machine.kernel, 6, 6);
    return {State::limited, subject,
            fmt::format("an emulated call takes about 100 us instead of 20; everything works{}",
                        is_new ? ". This kernel should have it, and refuses it" : ""),
            is_new ? "" : "a kernel from 6.6 on"};
}

Finding judge_namespaces(const Machine& machine) {
    constexpr const char* subject = "user namespaces";
    if (machine.sandbox && machine.relabels)
        return {State::no, subject,
                "programs run with --isolation none only, and no images (--eif, nitro-cli), "
                "--rootfs and --detach: a sandbox needs a filter that allows socket(AF_VSOCK)",
                container_remedy(machine)};
    if (machine.sandbox)
        return {State::yes, subject, "sealed enclaves (their own root, network, processes) work",
                ""};
    std::string consequence = "programs run with --isolation none only";
    if (machine.namespaces != 0)
        consequence += fmt::format(" ({})", std::strerror(machine.namespaces));
    else if (machine.sandbox.error().code != sandbox::SandboxError::namespaces_forbidden)
        consequence += fmt::format(" ({})", machine.sandbox.error().message);
    if (machine.apparmor_restricts_namespaces)
        return {State::no, subject, consequence + ": AppArmor forbids them to ordinary users",
                "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"};
    if (machine.sysctl_forbids_namespaces)
        return {State::no, subject, consequence + ": a sysctl forbids them to ordinary users",
                "sudo sysctl kernel.unprivileged_userns_clone=1"};
    if (machine.container)
        return {State::no, subject, consequence + ": the container's filter forbids them",
                container_remedy(machine)};
    return {State::no, subject, consequence,
            machine.namespaces != 0 ? "sudo sysctl user.max_user_namespaces=15000" : ""};
}

Finding judge_kvm(const Machine& machine) {
    constexpr const char* subject = "KVM";
    constexpr const char* slow = "virtual machines for tests are emulated: 2 to 4 s a boot";
    if (machine.kvm == 0 && machine.virtualizing_processor)
        return {State::yes, subject, "virtual machines for tests boot in under a second", ""};
    if (machine.kvm == 0)
        return {State::limited, subject,
                fmt::format("/dev/kvm is there, the processor shows neither vmx nor svm: {}", slow),
                "nested virtualization, a matter of the host"};
    if (machine.kvm != ENOENT && !machine.virtualizing_processor)
        return {
            State::limited, subject,
            fmt::format("/dev/kvm can't be opened ({}), and the processor shows neither vmx nor "
                        "svm: {}",
                        std::strerror(machine.kvm), slow),
            "nested virtualization, a matter of the host"};
    if (machine.kvm == EACCES || machine.kvm == EPERM)
        return {State::limited, subject, fmt::format("/dev/kvm is not this user's: {}", slow),
                "sudo setfacl -m u:$USER:rw /dev/kvm"};
    return {State::limited, subject, fmt::format("no /dev/kvm: {}", slow), ""};
}

Finding judge_vsock(const Machine& machine) {
    if (machine.vsock == 0)
        return {State::yes, "real AF_VSOCK",
                "the kernel has it: --transport vsock speaks with a real parent, enclave or "
                "virtual machine. The simulation doesn't use it",
                ""};
    if (machine.vsock != ENOENT)
        return {State::limited, "real AF_VSOCK",
                fmt::format("there is a /dev/vsock, but socket(AF_VSOCK) says {}: --transport "
                            "vsock does not work. The simulation needs none",
                            std::strerror(machine.vsock)),
                machine.container ? container_remedy(machine) : ""};
    return {State::limited, "real AF_VSOCK",
            "none: --transport vsock does not work. The simulation needs none",
            "sudo modprobe vsock_loopback"};
}

Finding judge_nsm(const Machine& machine) {
    if (machine.nsm == 0)
        return {State::yes, "real /dev/nsm",
                "this is an enclave: glovebox nsm asks the module of the hypervisor", ""};
    if (machine.nsm != ENOENT)
        return {State::limited, "real /dev/nsm",
                fmt::format("it can't be opened ({}): documents are the mock's, which AWS's root "
                            "does not sign",
                            std::strerror(machine.nsm)),
                ""};
    return {State::limited, "real /dev/nsm",
            "none: documents are the mock's, which AWS's root does not sign", ""};
}

}  // namespace

Machine Machine::look() {
    Machine machine;
    utsname name{};
    ::uname(&name);
    machine.kernel = name.release;
    machine.is_root = ::geteuid() == 0;
    machine.container = find_container();
    machine.supervision = try_supervision(machine.relabels);
    machine.ptrace_scope = read_number("/proc/sys/kernel/yama/ptrace_scope").value_or(0);
    machine.reach = try_reach(machine.relabels);
    machine.namespaces = try_namespaces();
    machine.sandbox = try_sandbox();
    machine.apparmor_restricts_namespaces =
        read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1;
    machine.sysctl_forbids_namespaces =
        read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0;
    machine.kvm = try_open("/dev/kvm");
    machine.virtualizing_processor = has_virtualizing_processor();
    machine.vsock = try_vsock();
    machine.nsm = is_misc_device("/dev/nsm") ? try_open("/dev/nsm") : ENOENT;
    return machine;
}

std::vector<Finding> judge(const Machine& machine) {
    return {judge_supervision(machine), judge_wake_up(machine), judge_namespaces(machine),
            judge_kvm(machine),         judge_vsock(machine),   judge_nsm(machine)};
}

}  // namespace glovebox::enclave
