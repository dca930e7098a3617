// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/stopped_thread.h"

#if defined(__x86_64__)

#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "sim/supervisor/process_memory.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr std::uint64_t syscall_bytes = 2;  // of the instruction: 0f 05
constexpr std::array<std::uint8_t, syscall_bytes> syscall_instruction{0x0f, 0x05};
constexpr std::uint64_t no_restart = ~std::uint64_t{0};
constexpr std::uint64_t all_signals = ~std::uint64_t{0};
constexpr int system_call_stop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

// A stop comes within microseconds, where the thread finds a processor.
constexpr int hasty_looks = 200;
constexpr int patient_milliseconds = 1;
constexpr unsigned pidfd_of_thread = O_EXCL;  // PIDFD_THREAD, Linux 6.9

// ptrace(2) takes numbers and addresses alike as pointers.
void* number(std::uint64_t value) {
    return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

long trace(int request, pid_t thread, void* address, void* data) {
    return ::ptrace(static_cast<__ptrace_request>(request), thread, address, data);
}

bool move_registers(int request, pid_t thread, user_regs_struct& registers) {
    iovec part{&registers, sizeof registers};
    return trace(request, thread, number(NT_PRSTATUS), &part) == 0;
}

void set_mask(pid_t thread, std::uint64_t mask) {
    trace(PTRACE_SETSIGMASK, thread, number(sizeof mask), &mask);
}

bool has_ended(pid_t thread) {
    const auto status = read_thread_status(thread);
    return !status || status->state == 'Z' || status->state == 'X';
}

}  // namespace

struct StoppedThread::Registers {
    user_regs_struct values;
};

StoppedThread::StoppedThread(pid_t thread)
    : thread_(thread), saved_(std::make_unique<Registers>()) {}

StoppedThread::Attempt StoppedThread::stop(const SystemCall& call, Notifier& notifier) {
    if (trace(PTRACE_SEIZE, call.thread, nullptr, number(PTRACE_O_TRACESYSGOOD)) != 0)
        return {};
    std::unique_ptr<StoppedThread> stopped(new StoppedThread(call.thread));
    // The stop stays pending while the thread waits for its answer; a kernel before 5.19 ends the
    // wait for it. Either way the call's result is ERESTARTSYS.
    trace(PTRACE_INTERRUPT, call.thread, nullptr, nullptr);
    (void)notifier.send(call.id, SyscallReply::error(errno_restart));
    int code = 0;
    int signal = 0;
    if (!stopped->wait_for_stop(code, signal) || !stopped->is_behind(call))
        stopped.reset();
    return {std::move(stopped), true};
}

bool StoppedThread::is_behind(const SystemCall& call) {
    user_regs_struct& registers = saved_->values;
    std::array<std::uint8_t, syscall_bytes> instruction{};
    if (!move_registers(PTRACE_GETREGSET, thread_, registers) ||
        static_cast<std::int64_t>(registers.rax) != -errno_restart ||
        registers.orig_rax != static_cast<std::uint64_t>(call.number))
        return false;
    const auto read = read_process_memory(thread_, registers.rip - syscall_bytes, instruction);
    if (!read || *read != syscall_bytes || instruction != syscall_instruction ||
        trace(PTRACE_GETSIGMASK, thread_, number(sizeof mask_), &mask_) != 0)
        return false;
    set_mask(thread_, all_signals);
    has_been_used_ = true;
    return true;
}

StoppedThread::~StoppedThread() {
    if (has_been_used_ && !is_gone_) {
        user_regs_struct registers = saved_->values;
        registers.rax = result_ ? static_cast<std::uint64_t>(*result_) : registers.orig_rax;
        registers.rip -= result_ ? 0 : syscall_bytes;
        registers.orig_rax = no_restart;
        (void)move_registers(PTRACE_SETREGSET, thread_, registers);
        set_mask(thread_, mask_);
    }
    trace(PTRACE_DETACH, thread_, nullptr, nullptr);
}

// Not by waitpid(2): the stop may go to another thread of this process, which waits for any child.
// PTRACE_GETSIGINFO succeeds only while there is a stop.
bool StoppedThread::wait_for_stop(int& code, int& signal) const {
    UniqueFd pidfd;
    for (int looks = 0;; ++looks) {
        siginfo_t info{};
        if (trace(PTRACE_GETSIGINFO, thread_, nullptr, &info) == 0) {
            code = info.si_code;
            signal = info.si_signo;
            return true;
        }
        if (looks < hasty_looks) {
            ::sched_yield();
            continue;
        }
        if (!pidfd)
            pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, thread_, pidfd_of_thread)));
        if (has_ended(thread_))
            return false;
        pollfd end{pidfd.get(), POLLIN, 0};
        ::poll(&end, 1, patient_milliseconds);
    }
}

// The beginning or the end of a system call. All signals are blocked but SIGSTOP, whose stop takes
// effect when the thread is let go.
bool StoppedThread::go_to_next_stop() {
    std::uint64_t to_deliver = 0;
    for (;;) {
        int code = 0;
        int signal = 0;
        if (trace(PTRACE_SYSCALL, thread_, nullptr, number(to_deliver)) != 0 ||
            !wait_for_stop(code, signal)) {
            is_gone_ = true;
            return false;
        }
        if (code == system_call_stop)
            return true;
        to_deliver = code >> 8 == PTRACE_EVENT_STOP ? 0 : static_cast<std::uint64_t>(signal);
    }
}

std::optional<std::int64_t> StoppedThread::call(long number,
                                                const std::array<std::uint64_t, 6>& arguments) {
    user_regs_struct registers = saved_->values;
    registers.rax = static_cast<std::uint64_t>(number);
    registers.orig_rax = no_restart;
    registers.rip -= syscall_bytes;
    registers.rdi = arguments[0];
    registers.rsi = arguments[1];
    registers.rdx = arguments[2];
    registers.r10 = arguments[3];
    registers.r8 = arguments[4];
    registers.r9 = arguments[5];
    if (is_gone_ || !move_registers(PTRACE_SETREGSET, thread_, registers) || !go_to_next_stop() ||
        !go_to_next_stop() || !move_registers(PTRACE_GETREGSET, thread_, registers))
        return std::nullopt;
    return static_cast<std::int64_t>(registers.rax);
}

void StoppedThread::finish(std::int64_t result) {
    result_ = result;
}

}  // namespace glovebox::supervisor

#endif
