// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/sandboxed_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/system/system_category.hpp>
#include <cerrno>

#include "sim/sandbox/mount_calls.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/supervisor/namespace_visit.h"
#include "sim/supervisor/syscall_filter.h"

namespace glovebox::enclave {
namespace {

// Runs in the program's process: only system calls.
sandbox::HookResult install(void* filter) {
    const int listener =
        supervisor::install_filter(*static_cast<const std::vector<sock_filter>*>(filter));
    return listener < 0 ? sandbox::HookResult{.error = -listener}
                        : sandbox::HookResult{.descriptor = listener};
}

// A mount of the sandbox that is shown at a second place, with those below it, locked as it is.
struct MountCopy {
    int source;
    int target;
};

// In the program's place: only system calls.
int attach_copy(const void* context) {
    const MountCopy& copy = *static_cast<const MountCopy*>(context);
    const int tree = sandbox::clone_tree(copy.source, "");
    return tree < 0 || sandbox::attach_tree(tree, copy.target) != 0 ? errno : 0;
}

// AWS's init lets the child exit with errno, and so does Glovebox's.
Error not_executed(sandbox::Sandbox& sandbox, const Error& error) {
    const auto status = sandbox.wait().program_status;
    if (error.code != sandbox::SandboxError::program_not_started || !status || !WIFEXITED(*status))
        return error;
    return {boost::system::error_code(WEXITSTATUS(*status), boost::system::system_category()),
            error.message};
}

}  // namespace

SandboxedProgram::SandboxedProgram(std::unique_ptr<sandbox::Sandbox> sandbox, UniqueFd program,
                                   bool is_init)
    : sandbox_(std::move(sandbox)), program_(std::move(program)) {
    if (!is_init)
        return;
    // Before its first call: it may have another root later.
    constexpr std::array<const char*, 3> folders{"dev", "proc", "sys"};
    for (std::size_t i = 0; i < folders.size(); ++i)
        mounts_[i].reset(
            ::open(fmt::format("/proc/{}/root/{}", sandbox_->program_pid(), folders[i]).c_str(),
                   O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Result<std::unique_ptr<SandboxedProgram>> SandboxedProgram::start(
    const sandbox::SandboxPlan& plan, const std::vector<sock_filter>& filter,
    std::array<int, 3> standard_fds) {
    sandbox::StartOptions options;
    options.standard_streams = standard_fds;
    options.hook = {install, const_cast<std::vector<sock_filter>*>(&filter)};
    auto sandbox = sandbox::Sandbox::start(plan, options);
    if (!sandbox)
        return sandbox.error();
    // The program either waits until its exec is noticed, or has executed and waits for a
    // supervisor.
    UniqueFd program(static_cast<int>(::syscall(SYS_pidfd_open, (*sandbox)->program_pid(), 0)));
    if (const auto executed = (*sandbox)->wait_for_exec(); !executed)
        return not_executed(**sandbox, executed.error());
    return std::unique_ptr<SandboxedProgram>(
        new SandboxedProgram(std::move(*sandbox), std::move(program), plan.program_is_init));
}

int SandboxedProgram::attach(supervisor::InitMounts::Kind kind, int target) const {
    const auto visit = supervisor::NamespaceVisit::prepare(
        sandbox_->program_pid(), supervisor::NamespaceVisit::Processes::supervisors);
    if (!visit)
        return ESRCH;
    const MountCopy copy{mounts_.at(static_cast<std::size_t>(kind)).get(), target};
    return visit->run(attach_copy, &copy);
}

void SandboxedProgram::send_signal(int number) const {
    if (program_)
        ::syscall(SYS_pidfd_send_signal, program_.get(), number, nullptr, 0);
}

}  // namespace glovebox::enclave
