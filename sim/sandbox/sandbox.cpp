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

#include "sim/sandbox/fork_hooks.h"
#include "sim/sandbox/id_helpers.h"
#include "sim/sandbox/init_process.h"
#include "sim/sandbox/refusal.h"
#include "sim/sandbox/report.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

// The cgroup's is made later, by PID 1: it begins where its maker is, and that is to be the
// enclave's own cgroup.
constexpr unsigned long namespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

// All signals blocked for as long as it lives, so that none is handled in the forked child.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_;
};

std::string_view describe(Report::Stage stage) {
    switch (stage) {
        case Report::Stage::cgroup_namespace:
            return "unshare the cgroup namespace";
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

// The most likely cause of a step's failure, for a person; empty where errno says it all.
std::string_view hint_for(const Step& step, int error) {
    if (step.type == "overlay" && error == EINVAL)
        return ". The folder may have mounts below it, which an overlay in a user namespace can't "
               "have; the kernel's log says more: sudo dmesg | tail";
    if (step.type == "overlay" && (error == EPERM || error == ENODEV))
        return ". Overlays in a user namespace need Linux 5.11 or later with CONFIG_OVERLAY_FS";
    if ((step.type == "proc" || step.type == "sysfs") && error == EPERM)
        return ". The kernel allows it only where the host's own is not masked; in a container: "
               "docker run --security-opt systempaths=unconfined ...";
    if (step.text.starts_with("mount: /") && error == ENOENT)
        return ". AWS's init needs this folder in the root file system; nitro-cli build-enclave "
               "adds "
               "it: make it there with mkdir";
    return "";
}

Error explain_failure(const Report& report, const SandboxPlan& plan) {
    const NamespaceFacts facts = read_namespace_facts();
    if (report.stage == Report::Stage::step && report.step >= 0 &&
        static_cast<std::size_t>(report.step) < plan.steps.size()) {
        // The first steps need nothing but the namespaces' own privileges.
        if (report.step < 2 && privileges_were_taken(report.error, facts))
            return explain_forbidden_namespaces(report.error, facts);
        const Step& step = plan.steps[static_cast<std::size_t>(report.step)];
        Error error = errno_error(describe(step), report.error);
        return Error(SandboxErrc::set_up_failed,
                     "the sandbox could not be set up: " + error.message +
                         std::string(hint_for(step, report.error)));
    }
    if (privileges_were_taken(report.error, facts) ||
        (report.stage == Report::Stage::cgroup_namespace && report.error == EINVAL))
        return explain_forbidden_namespaces(report.error, facts);
    return Error(SandboxErrc::set_up_failed,
                 "the sandbox could not be set up: " +
                     errno_error(describe(report.stage), report.error).message);
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxPlan& plan,
                                                const StartOptions& options) {
    if (plan.arguments.empty())
        return Error(SandboxErrc::bad_request, "a sandbox's plan has no program");
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    sandbox->program_ = plan.arguments.front();
    sandbox->like_aws_init_ = plan.like_aws_init;
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
        auto made = MemoryCgroup::make(*parent, make_cgroup_name(), *plan.memory_bytes);
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
    // The kernel then says who sent a report, in our numbering.
    const int on = 1;
    if (::setsockopt(reports_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return errno_error("SO_PASSCRED on the sandbox's report socket", errno);

    InitProcess init(plan);
    init.report_socket = inside.get();
    init.standard_streams = options.standard_streams;
    init.kept_descriptors = options.kept_descriptors;
    init.kept_descriptors.push_back(inside.get());
    std::sort(init.kept_descriptors.begin(), init.kept_descriptors.end());
    init.hook = options.hook;
    init.text_area = find_text_area();
    if (plan.memory_bytes && !cgroup_)
        init.limits.push_back({RLIMIT_DATA, *plan.memory_bytes, *plan.memory_bytes});

    {
        const SignalsBlocked blocked;
        int pidfd = -1;
        // Not fork(3): its handlers are not for a child that never returns to the caller's code.
        before_clone();
        const long child = ::syscall(SYS_clone, namespaces | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd,
                                     nullptr, nullptr);
        const int error = errno;
        after_clone(child == 0);
        if (child == 0)
            init.run();
        if (child < 0)
            return explain_forbidden_namespaces(error, read_namespace_facts());
        init_pid_ = static_cast<pid_t>(child);
        pidfd_.reset(pidfd);
    }
    if (const auto mapped = write_id_maps(init_pid_, plan.ids); !mapped) {
        const NamespaceFacts facts = read_namespace_facts();
        if (privileges_were_taken(mapped.error().code.value(), facts))
            return explain_forbidden_namespaces(mapped.error().code.value(), facts);
        return Error(mapped.error()).in("the sandbox's id maps could not be written");
    }
    if (cgroup_)
        if (const auto added = cgroup_->add(init_pid_); !added)
            return added.error();
    if (::send(reports_.get(), "g", 1, MSG_NOSIGNAL) != 1)
        return errno_error("start the sandbox's PID 1", errno);
    return {};
}

Result<void> Sandbox::wait_for_ready(const SandboxPlan& plan) {
    ReceivedReport received;
    if (!receive_report(reports_.get(), received))
        return Error(SandboxErrc::set_up_failed,
                     "the sandbox's PID 1 ended before its room stood; something killed it");
    hook_descriptor_.reset(received.descriptor);
    if (received.report.kind != Report::Kind::ready)
        return explain_failure(received.report, plan);
    program_pid_ = received.sender;
    return {};
}

Sandbox::~Sandbox() {
    stop();
    wait();
}

Result<Sandbox::Event> Sandbox::next_event() {
    for (;;) {
        ReceivedReport received;
        if (reaped_ || !receive_report(reports_.get(), received))
            return Event::ended;
        const UniqueFd unexpected(received.descriptor);
        switch (received.report.kind) {
            case Report::Kind::executed:
                return Event::executed;
            case Report::Kind::not_executed:
                return Error(SandboxErrc::program_not_started,
                             errno_error((like_aws_init_ ? "execvpe: " : "") + program_,
                                         received.report.error)
                                 .message);
            case Report::Kind::exited:
                end_.program_status = received.report.status;
                break;  // the end of the stream comes next
            case Report::Kind::failed:
            case Report::Kind::ready:
                break;
        }
    }
}

Result<void> Sandbox::wait_for_exec() {
    const auto event = next_event();
    if (!event)
        return event.error();
    if (*event == Event::ended)
        return Error(SandboxErrc::program_not_started,
                     program_ + ": the sandbox was ended before the program began");
    return {};
}

EnclaveEnd Sandbox::wait() {
    if (reaped_ || init_pid_ < 0)
        return end_;
    for (;;) {
        const auto event = next_event();
        if (event && *event == Event::ended)
            break;
    }
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(init_pid_), &info, WEXITED) != 0 && errno == EINTR) {
    }
    reaped_ = true;
    return end_;
}

void Sandbox::stop() {
    // A descriptor, not a number: after the end the number may be somebody else's.
    if (pidfd_ && !reaped_)
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

}  // namespace glovebox::sandbox
