// SPDX-License-Identifier: Apache-2.0

// Informs the thread sanitizer of a clone(2) that bypasses fork(3). Otherwise its own locks, which
// another thread may hold at that moment, stay locked in the child for ever.
#pragma once

#ifdef __SANITIZE_THREAD__
extern "C" void __sanitizer_syscall_pre_impl_fork();
extern "C" void __sanitizer_syscall_post_impl_fork(long result);
extern "C" void AnnotateIgnoreSyncBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
#endif

namespace glovebox::sandbox {

inline void before_clone() {
#ifdef __SANITIZE_THREAD__
    __sanitizer_syscall_pre_impl_fork();
#endif
}

// The sanitizer treats both sides as the parent. In the child it might start a thread, which would
// be the first of the new PID namespace, and a fork does not release its further locks. So it
// ignores the child, which has no other thread to race with.
inline void after_clone([[maybe_unused]] bool in_child) {
#ifdef __SANITIZE_THREAD__
    __sanitizer_syscall_post_impl_fork(1);
    if (in_child) {
        AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
#endif
}

}  // namespace glovebox::sandbox
