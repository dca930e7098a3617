// SPDX-License-Identifier: Apache-2.0

// Keeps signals from the supervisor's threads: only the main thread handles and relays them.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace glovebox::supervisor {

// Blocks all signals of the calling thread while it lives; a thread started meanwhile inherits it.
class BlockSignals {
  public:
    BlockSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockSignals(const BlockSignals&) = delete;
    BlockSignals& operator=(const BlockSignals&) = delete;

  private:
    sigset_t before_;
};

}  // namespace glovebox::supervisor
