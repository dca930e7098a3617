// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/stopped_thread.h"

#if defined(__x86_64__)

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/supervisor/process_memory.h"
#include "sim/supervisor/ptrace_calls.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr std::array<std::uint8_t, syscall_bytes> syscall_instruction{0x0f, 0x05};
constexpr std::uint64_t all_signals = ~std::uint64_t{0};

// A stop comes within microseconds, where the thread finds a processor.
constexpr int hasty_looks = 200;
constexpr int patient_milliseconds = 1;
constexpr unsigned pidfd_of_thread = O_EXCL;  // PIDFD_THREAD, Linux 6.9

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

StoppedThread::StoppedThread(pid_t thread, Tracer* tracer)
    : thread_(thread), tracer_(tracer), saved_(std::make_unique<Registers>()) {}

StoppedThread::Attempt StoppedThread::stop(const SystemCall& call, Notifier& notifier,
                                           Tracer* tracer) {
    if (tracer == nullptr &&
        trace(PTRACE_SEIZE, call.thread, nullptr, number(PTRACE_O_TRACESYSGOOD)) != 0)
        return {};
    std::unique_ptr<StoppedThread> stopped(new StoppedThread(call.thread, tracer));
    // The stop stays pending while the thread waits for its answer; a kernel before 5.19 ends the
    // wait for it. Either way the call's result is ERESTARTSYS.
    trace(PTRACE_INTERRUPT, call.thread, nullptr, nullptr);
    (void)notifier.send(call.id, SyscallReply::error(errno_restart));
    if (!stopped->wait_for_stop() || !stopped->is_behind(call))
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
    if (has_been_used_ && !is_gone_ && is_left_to_handler_) {
        (void)move_registers(PTRACE_SETREGSET, thread_, saved_->values);
        set_mask(thread_, mask_);
    } else if (has_been_used_ && !is_gone_) {
        user_regs_struct registers = saved_->values;
        registers.rax = result_ ? static_cast<std::uint64_t>(*result_) : registers.orig_rax;
        registers.rip -= result_ ? 0 : syscall_bytes;
        registers.orig_rax = no_restart;
        (void)move_registers(PTRACE_SETREGSET, thread_, registers);
        set_mask(thread_, mask_);
    }
    let_go();
}

void StoppedThread::let_go() {
    if (tracer_ == nullptr) {
        // The stop may be that of a signal which came first.
        const bool has_signal = !has_been_used_ && stop_code_ >> 8 != PTRACE_EVENT_STOP;
        trace(PTRACE_DETACH, thread_, nullptr,
              number(has_signal ? static_cast<std::uint64_t>(stop_signal_) : 0));
        return;
    }
    // A stop that is of no use here is the tracer's, which has yet to hear of it.
    if (!has_been_used_)
        return;
    // To go on is to leave the stop of its process, which the tracer then has it enter again.
    if (is_job_stopped_)
        trace(PTRACE_INTERRUPT, thread_, nullptr, nullptr);
    tracer_->resume(thread_, 0);
}

// Not by waitpid(2): the stop may go to another thread of this process, which waits for any child.
// PTRACE_GETSIGINFO succeeds only while there is a stop.
bool StoppedThread::wait_for_stop() {
    UniqueFd pidfd;
    for (int looks = 0;; ++looks) {
        siginfo_t info{};
        if (trace(PTRACE_GETSIGINFO, thread_, nullptr, &info) == 0) {
            stop_code_ = info.si_code;
            stop_signal_ = info.si_signo;
            is_job_stopped_ = is_job_stopped_ ||
                              (info.si_code >> 8 == PTRACE_EVENT_STOP && info.si_signo != SIGTRAP);
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
        if (trace(PTRACE_SYSCALL, thread_, nullptr, number(to_deliver)) != 0 || !wait_for_stop()) {
            is_gone_ = true;
            return false;
        }
        if (stop_code_ == system_call_stop)
            return true;
        to_deliver =
            stop_code_ >> 8 == PTRACE_EVENT_STOP ? 0 : static_cast<std::uint64_t>(stop_signal_);
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

bool StoppedThread::is_about_to_handle_signal() const {
    const auto status = read_thread_status(thread_);
    if (!status)
        return false;
    // Another thread may take what is directed at the process.
    const std::uint64_t pending =
        status->pending | (status->threads <= 1 ? status->shared_pending : 0);
    return (pending & status->caught & ~mask_) != 0;
}

void StoppedThread::leave_to_handler() {
    is_left_to_handler_ = true;
}

}  // namespace glovebox::supervisor

#endif
