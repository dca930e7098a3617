// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/sandbox.h"

#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/signals_blocked.h"
#include "sim/sandbox/fork_hooks.h"
#include "sim/sandbox/id_helpers.h"
#include "sim/sandbox/init_process.h"
#include "sim/sandbox/outer_process.h"
#include "sim/sandbox/refusal.h"
#include "sim/sandbox/report.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

// The namespaces of the outer process. The cgroup namespace is made later: its root is the cgroup
// of its maker, which has to be the enclave's by then.
constexpr unsigned long outer_namespaces = CLONE_NEWUSER | CLONE_NEWNS;

std::string_view describe(Report::Stage stage) {
    switch (stage) {
        case Report::Stage::cgroup_namespace:
            return "unshare the cgroup namespace";
        case Report::Stage::propagation:
            return "make every mount private";
        case Report::Stage::inner_namespaces:
            return "make the program's namespaces";
        case Report::Stage::inner_ids:
            return "map the IDs of the program's user namespace";
        case Report::Stage::lock:
            return "lock the mounts";
        case Report::Stage::identity:
            return "become root inside";
        case Report::Stage::host_name:
            return "set the host name";
        case Report::Stage::signals:
            return "prepare PID 1";
        case Report::Stage::fork:
            return "fork the program";
        case Report::Stage::standard_streams:
            return "take the standard streams";
        case Report::Stage::working_directory:
            return "chdir to the working directory";
        case Report::Stage::limits:
            return "set the resource limits";
        case Report::Stage::cpus:
            return "hold the CPUs";
        case Report::Stage::hook:
            return "prepare the supervised program";
        case Report::Stage::none:
        case Report::Stage::go:
        case Report::Stage::step:
            break;
    }
    return "set up";
}

// The folders of the root file system that something is mounted onto.
std::vector<std::string> mounted_folders(const SandboxPlan& plan) {
    std::vector<std::string> folders;
    for (const Step& step : plan.steps)
        if (step.text.starts_with("mount: /") && step.target.find('/', 1) == std::string::npos &&
            std::find(folders.begin(), folders.end(), step.target) == folders.end())
            folders.push_back(step.target);
    return folders;
}

// The most likely cause of a step's failure; empty if the errno says enough.
std::string hint_for(const Step& step, int error, const SandboxPlan& plan) {
    if (step.type == "overlay" && error == EINVAL)
        return ". The folder may have mounts below it, which an overlay in a user namespace can't "
               "have; the kernel's log says more: sudo dmesg | tail";
    if (step.type == "overlay" && (error == EPERM || error == ENODEV))
        return ". Overlays in a user namespace need Linux 5.11 or later with CONFIG_OVERLAY_FS";
    if ((step.type == "proc" || step.type == "sysfs") && error == EPERM)
        return ". The kernel allows it only where the host's own is not masked; in a container: "
               "docker run --security-opt systempaths=unconfined ...; in Kubernetes: procMount: "
               "Unmasked in the container's securityContext, and hostUsers: false in the pod";
    if (step.text.starts_with("mount: /") && error == ENOENT)
        return fmt::format(
            ". AWS's init needs the folders {} in the root file system; nitro-cli build-enclave "
            "adds "
            "them: make them there with mkdir",
            fmt::join(mounted_folders(plan), ", "));
    return "";
}

Error explain_failure(const Report& report, const SandboxPlan& plan) {
    const NamespaceFacts facts = read_namespace_facts();
    if (report.stage == Report::Stage::step && report.step >= 0 &&
        static_cast<std::size_t>(report.step) < plan.steps.size()) {
        // The first step needs only the namespaces' own privileges.
        if (report.step < 1 && privileges_were_taken(report.error, facts))
            return explain_forbidden_namespaces(report.error, facts);
        const Step& step = plan.steps[static_cast<std::size_t>(report.step)];
        Error error = errno_error(describe(step), report.error);
        return Error(SandboxError::set_up_failed,
                     "the sandbox could not be set up: " + error.message +
                         hint_for(step, report.error, plan));
    }
    if (privileges_were_taken(report.error, facts) ||
        report.stage == Report::Stage::inner_namespaces ||
        (report.stage == Report::Stage::cgroup_namespace && report.error == EINVAL))
        return explain_forbidden_namespaces(report.error, facts);
    return Error(SandboxError::set_up_failed,
                 "the sandbox could not be set up: " +
                     errno_error(describe(report.stage), report.error).message);
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxPlan& plan,
                                                const StartOptions& options) {
    if (plan.arguments.empty())
        return Error(SandboxError::bad_request, "a sandbox's plan has no program");
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    sandbox->program_ = plan.arguments.front();
    sandbox->like_aws_init_ = plan.like_aws_init;
    sandbox->program_is_init_ = plan.program_is_init;
    sandbox->notes_ = plan.notes;
    sandbox->shortfalls_ = plan.shortfalls;
    sandbox->make_cgroup(plan, options);
    if (const auto launched = sandbox->launch(plan, options); !launched)
        return launched.error();
    if (const auto ready = sandbox->wait_for_ready(plan); !ready)
        return ready.error();
    return sandbox;
}

void Sandbox::make_cgroup(const SandboxPlan& plan, const StartOptions& options) {
    if (!plan.memory_bytes)
        return;
    const auto parent = options.cgroup_parent ? options.cgroup_parent : find_cgroup_parent();
    std::string why = "no cgroup v2 with the memory controller is delegated to this user";
    if (parent) {
        auto made = MemoryCgroup::make(*parent, *plan.memory_bytes);
        if (made) {
            cgroup_ = std::move(*made);
            return;
        }
        why = made.error().message;
    }
    shortfalls_.push_back(fmt::format(
        "{} MiB are held for each process on its own (RLIMIT_DATA), not for the enclave as a "
        "whole: "
        "{}. `systemd-run --user --scope glovebox run ...` gives it one where systemd is",
        *plan.memory_bytes >> 20, why));
}

Result<void> Sandbox::launch(const SandboxPlan& plan, const StartOptions& options) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return errno_error("make the sandbox's report socket", errno);
    reports_.reset(pair[0]);
    const UniqueFd inside(pair[1]);
    // The kernel then states the sender of a report, in this process's numbering.
    const int on = 1;
    if (::setsockopt(reports_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return errno_error("SO_PASSCRED on the sandbox's report socket", errno);

    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return errno_error("make the socket between the sandbox's first two processes", errno);
    const UniqueFd outer_end(pair[0]);
    const UniqueFd inner_end(pair[1]);

    InitProcess init(plan);
    init.report_socket = inside.get();
    init.standard_streams = options.standard_streams;
    init.kept_descriptors = options.kept_descriptors;
    for (const int end : {inside.get(), outer_end.get(), inner_end.get()})
        init.kept_descriptors.push_back(end);
    std::sort(init.kept_descriptors.begin(), init.kept_descriptors.end());
    init.hook = options.hook;
    init.text_area = find_text_area();
    if (plan.memory_bytes && !cgroup_)
        init.limits.push_back({RLIMIT_DATA, *plan.memory_bytes, *plan.memory_bytes});

    OuterProcess outer(init, pair);
    {
        const SignalsBlocked blocked;
        int pidfd = -1;
        // Not fork(3), whose handlers are not made for a child that never returns to the caller's
        // code.
        before_clone();
        const long child = ::syscall(SYS_clone, outer_namespaces | CLONE_PIDFD | SIGCHLD, nullptr,
                                     &pidfd, nullptr, nullptr);
        const int error = errno;
        after_clone(child == 0);
        if (child == 0)
            outer.run();
        if (child < 0)
            return explain_forbidden_namespaces(error, read_namespace_facts());
        outer_pid_ = static_cast<pid_t>(child);
        outer_pidfd_.reset(pidfd);
    }
    if (const auto mapped = write_id_maps(outer_pid_, plan.ids); !mapped) {
        const NamespaceFacts facts = read_namespace_facts();
        if (privileges_were_taken(mapped.error().code.value(), facts))
            return explain_forbidden_namespaces(mapped.error().code.value(), facts);
        return Error(mapped.error()).in("the sandbox's id maps could not be written");
    }
    if (cgroup_)
        if (const auto added = cgroup_->add(outer_pid_); !added)
            return added.error();
    if (::send(reports_.get(), "g", 1, MSG_NOSIGNAL) != 1)
        return errno_error("start the sandbox's first process", errno);
    return {};
}

// PID 1 is a child of this process, so its PID is not reused before it is waited for.
void Sandbox::take_note_of_init(const ReceivedReport& started) {
    init_pid_ = started.sender;
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, init_pid_, 0)));
    if (started.report.error != 0)
        shortfalls_.push_back(
            fmt::format("a program inside can mount this machine's cgroups: {}. Cgroup namespaces "
                        "could not be forbidden inside, which needs a writable /proc/sys/user",
                        errno_text(started.report.error)));
}

Result<void> Sandbox::wait_for_ready(const SandboxPlan& plan) {
    for (ReceivedReport received; receive_report(reports_.get(), received);) {
        UniqueFd descriptor(received.descriptor);
        if (received.report.kind == Report::Kind::started) {
            take_note_of_init(received);
            continue;
        }
        if (received.report.kind != Report::Kind::ready)
            return explain_failure(received.report, plan);
        hook_descriptor_ = std::move(descriptor);
        program_pid_ = received.sender;
        if (received.report.step >= 0)
            notes_.push_back(
                fmt::format("{} is read-only here: the kernel lays no overlay over its file system",
                            plan.steps.at(static_cast<std::size_t>(received.report.step)).target));
        // It has ended, or ends without waiting for anything.
        reap(outer_pid_);
        return {};
    }
    return Error(SandboxError::set_up_failed,
                 "the sandbox's first processes ended before it was ready; something killed them");
}

Sandbox::~Sandbox() {
    stop();
    wait();
}

void Sandbox::reap(pid_t& child) {
    siginfo_t info{};
    if (child > 0)
        while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED) != 0 && errno == EINTR) {
        }
    child = -1;
}

Result<Sandbox::Event> Sandbox::next_event() {
    for (;;) {
        ReceivedReport received;
        if (reaped_ || !receive_report(reports_.get(), received)) {
            // An exec closes the socket of an init that was executed itself.
            const bool is_exec = !reaped_ && program_is_init_ && !init_was_executed_;
            init_was_executed_ = true;
            return is_exec ? Event::executed : Event::ended;
        }
        const UniqueFd unexpected(received.descriptor);
        switch (received.report.kind) {
            case Report::Kind::executed:
                return Event::executed;
            case Report::Kind::not_executed:
                init_was_executed_ = true;  // the end comes next
                if (program_is_init_)
                    return errno_error(program_, received.report.error);
                return Error(SandboxError::program_not_started,
                             errno_error((like_aws_init_ ? "execvpe: " : "") + program_,
                                         received.report.error)
                                 .message);
            case Report::Kind::exited:
                end_.program_status = received.report.status;
                break;  // the end of the stream comes next
            case Report::Kind::started:
                take_note_of_init(received);  // of a start that failed
                stop();
                break;
            default:
                break;
        }
    }
}

Result<void> Sandbox::wait_for_exec() {
    const auto event = next_event();
    if (!event)
        return event.error();
    if (*event == Event::ended)
        return Error(SandboxError::program_not_started,
                     program_ + ": the sandbox was ended before the program began");
    return {};
}

EnclaveEnd Sandbox::wait() {
    if (reaped_)
        return end_;
    for (;;) {
        const auto event = next_event();
        if (event && *event == Event::ended)
            break;
    }
    reap(outer_pid_);
    pid_t init = init_pid_;
    reap(init);
    reaped_ = true;
    return end_;
}

void Sandbox::stop() {
    // By a descriptor and not by its PID, which another process may have after its end.
    for (const UniqueFd* process : {&outer_pidfd_, &pidfd_})
        if (*process && !reaped_)
            ::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0);
}

}  // namespace glovebox::sandbox
