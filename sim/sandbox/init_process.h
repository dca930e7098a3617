// SPDX-License-Identifier: Apache-2.0

// PID 1 of a sandbox and the program that it starts: everything that happens in the forked child.
//
// PID 1 builds the sandbox, forks the program, reaps orphans, and ends when the program ends; the
// kernel then ends everything else inside. It blocks all signals, as AWS's init does. It also ends
// when its maker's end of the report socket closes, so nothing outlives its maker.
//
// It never executes another program, so its memory is a copy of the maker's, which /proc/1 must not
// show. It is not dumpable, so environ, mem and fd belong to a root that does not exist inside; and
// the text areas of its arguments and environment are overwritten.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/sandbox/program_hook.h"
#include "sim/sandbox/report.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

// The text area that the kernel shows as /proc/PID/cmdline and environ.
struct TextArea {
    char* begin = nullptr;
    char* end = nullptr;
};
[[nodiscard]] TextArea find_text_area();

// Everything that the child needs. The maker makes it before the fork, since the child cannot
// allocate.
struct InitProcess {
    explicit InitProcess(const SandboxPlan& plan);
    InitProcess(const InitProcess&) = delete;
    InitProcess& operator=(const InitProcess&) = delete;

    // Called in the outer process's child, with all signals blocked and the standard streams taken.
    // Never returns.
    [[noreturn]] void run() noexcept;

    const SandboxPlan& plan;
    int report_socket = -1;
    int outer_socket = -1;       // to the outer process, which outer_process.h describes
    int cgroup_limit_error = 0;  // why the outer process could not forbid cgroup namespaces
    std::array<int, 3> standard_streams{0, 1, 2};
    std::vector<int> kept_descriptors;  // sorted: Glovebox's sockets, and those of the hook
    std::vector<ResourceLimit> limits;
    ProgramHook hook;
    TextArea text_area;

  private:
    [[noreturn]] void fail(Report::Stage stage, int error, int step = -1) noexcept;
    void become_init() noexcept;
    void end_with_maker() noexcept;
    [[noreturn]] void run_program(int exec_pipe) noexcept;
    int execute() noexcept;
    [[noreturn]] void wait_for_the_end(pid_t program, int exec_pipe, int signals) noexcept;
    void report_exec(int exec_pipe) noexcept;

    int bound_step_ = -1;  // BuildResult::bound_step
    std::vector<char*> arguments_;
    std::vector<char*>
        shell_arguments_;  // "/bin/sh", the script's path, the arguments but the first
    std::vector<char*> environment_;
    std::vector<std::string> candidates_;  // the paths that execvpe tries, in its order
};

}  // namespace glovebox::sandbox
