// SPDX-License-Identifier: Apache-2.0

// A call of a traced thread that has moved a part of its bytes when a signal came that the program
// ignores: a blocking send, write or sendfile, a recv with MSG_WAITALL.
//
// Without a tracer the kernel drops such a signal, and the call goes on. With one the signal is
// reported, and for that the kernel ends the call with what it has moved. The tracer drops the
// signal and has the thread move the rest by further calls. The program's call then returns their
// sum.
//
//   recv(6, MSG_WAITALL) = 3 -> SIGCHLD, dropped -> recv(3, MSG_WAITALL) = 3 -> 6
//
// On the tracing thread, of stopped threads alone. x86-64 alone.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace glovebox::supervisor {

#if defined(__x86_64__)

class InterruptedTransfer {
  public:
    // The call that `thread` is returning from, if it is such a one and has not moved everything.
    // `filters` is how many system call filters a thread has that installed none itself. A thread
    // with a filter of its own gets nothing: that filter may deny the calls for the other buffers.
    [[nodiscard]] static std::optional<InterruptedTransfer> of(pid_t thread,
                                                               const user_regs_struct& returning,
                                                               unsigned filters);

    // Has the thread move the next part when it goes on, up to the end of the call
    // (PTRACE_SYSCALL). False if the thread is gone.
    [[nodiscard]] bool begin_part(pid_t thread) const;
    // At the end of that call: whether a further part follows.
    [[nodiscard]] bool end_part(pid_t thread);
    // The program's call returns what has been moved.
    void finish(pid_t thread) const;

  private:
    struct Part {
        std::uint64_t address;
        std::uint64_t bytes;
    };

    explicit InterruptedTransfer(const user_regs_struct& returning) : registers_(returning) {}

    [[nodiscard]] bool find_parts(pid_t thread, unsigned filters);
    [[nodiscard]] bool read_vector(pid_t thread, std::uint64_t address, std::uint64_t count);
    // Takes what has been moved off the front of the parts.
    void drop_moved(std::uint64_t bytes);

    user_regs_struct registers_;  // as the program's call returns
    user_regs_struct next_{};     // of the calls that move the parts; which registers say the part:
    unsigned long long user_regs_struct::*address_ = &user_regs_struct::rsi;  // null: no buffer
    unsigned long long user_regs_struct::*bytes_ = &user_regs_struct::rdx;
    std::vector<Part> parts_;  // what is left
};

// Whether the kernel ends such a call for any signal that is reported, and does not make it again
// of itself (signal(7)).
[[nodiscard]] bool ends_for_any_signal(std::uint64_t number);

#else

class InterruptedTransfer {};

#endif

}  // namespace glovebox::supervisor
