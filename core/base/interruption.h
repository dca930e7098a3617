// SPDX-License-Identifier: Apache-2.0

// Signals that would end the process, held back while it has something to clean up.
#pragma once

#include <signal.h>

#include <initializer_list>

#include "core/base/unique_fd.h"

namespace glovebox {

// Thrown where work is interrupted. It unwinds to main, so that destructors remove what is half
// made; then the process ends by the signal (end_by_signal). Not a std::exception: it is not an
// error that somebody on the way may turn into a sentence.
struct Interrupted {
    int signal = 0;
};

// While it lives, SIGHUP, SIGINT, SIGQUIT, SIGTERM and `further` wait until check() asks for them,
// in this thread and those that it starts. A signal that the process ignores stays ignored. A
// process that is started meanwhile would inherit the mask: give it mask_before().
class Interruption {
  public:
    // Throws ErrorException.
    explicit Interruption(std::initializer_list<int> further = {});
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    // Throws Interrupted if one of them has come.
    void check() const;
    // Readable when one of them has come.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const sigset_t& mask_before() const { return before_; }

  private:
    sigset_t before_;
    UniqueFd fd_;
};

// Ends this process as the signal does by default, so that a shell sees what ended it.
[[noreturn]] void end_by_signal(int signal);

}  // namespace glovebox
