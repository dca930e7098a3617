// SPDX-License-Identifier: Apache-2.0

// Code of another folder that runs in the program's process when its sandbox is ready, just before
// exec. The supervisor uses it to install its seccomp filter and to pass its listener out.
#pragma once

namespace glovebox::sandbox {

struct HookResult {
    int error = 0;        // errno; the start fails with it. 0: success
    int descriptor = -1;  // passed to the maker (Sandbox::take_hook_descriptor), closed inside
};

// `run` is called in a forked copy of a process that may have threads: only async-signal-safe
// calls, no exceptions. It runs as the program will: inside all namespaces, as root there, in the
// working directory, with the program's standard streams. After it, this process calls only
// sendmsg, close_range and execve, and after a failed execve write and exit_group. A filter that
// notifies one of these before the maker answers notifications would block for ever.
struct ProgramHook {
    HookResult (*run)(void* context) = nullptr;
    void* context = nullptr;
};

}  // namespace glovebox::sandbox
