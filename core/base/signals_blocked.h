// SPDX-License-Identifier: Apache-2.0

// A thread, or a process to be forked, that handles no signals.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace glovebox {

// While it lives, the calling thread blocks all signals but those that tell of its own defect: a
// thread that blocks SIGSEGV is killed without its handler (signal(7)), and so without a report of
// a sanitizer. A thread started meanwhile inherits that.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t blocked;
        ::sigfillset(&blocked);
        for (const int of_defects : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP})
            ::sigdelset(&blocked, of_defects);
        ::pthread_sigmask(SIG_SETMASK, &blocked, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace glovebox
