// SPDX-License-Identifier: Apache-2.0

// Code of another module that runs in the program's process when its sandbox is ready, just before
// exec: the supervisor installs its seccomp filter and hands its listener out.
#pragma once

namespace glovebox::sandbox {

struct HookResult {
    int error = 0;        // errno: the start fails with it
    int descriptor = -1;  // handed to the maker (Sandbox::take_hook_descriptor) and closed inside
};

// `run` is called in a forked copy of a process that may have threads: async-signal-safe calls
// only, and no exception. It runs as the program will: inside all namespaces, as root there, in the
// working directory, with the standard streams of the program. After it only sendmsg, close_range,
// execve, and after a failed execve write and exit_group, are called in this process: a filter that
// notifies one of these before the maker answers notifications would wait for ever.
struct ProgramHook {
    HookResult (*run)(void* context) = nullptr;
    void* context = nullptr;
};

}  // namespace glovebox::sandbox
