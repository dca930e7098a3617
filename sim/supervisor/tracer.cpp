// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracer.h"

#if defined(__x86_64__)

#include <linux/audit.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/signals_blocked.h"
#include "sim/supervisor/ptrace_calls.h"
#include "sim/supervisor/thread_interruption.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr int event_shift = 16;    // of a wait status
constexpr int filter_trapped = 1;  // SYS_SECCOMP, an si_code of SIGSYS
// ERESTARTNOHAND: EINTR for a call whose signal has a handler, made again otherwise.
constexpr std::int64_t restart_without_handler = 514;

// How often a thread is interrupted that may just be about to begin its wait.
constexpr std::chrono::microseconds interruption_interval{50};

constexpr unsigned long trace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                                        PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                        PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

std::optional<user_regs_struct> read_registers(pid_t thread) {
    user_regs_struct registers{};
    if (!move_registers(PTRACE_GETREGSET, thread, registers))
        return std::nullopt;
    return registers;
}

bool write_registers(pid_t thread, user_regs_struct registers) {
    return move_registers(PTRACE_SETREGSET, thread, registers);
}

bool is_job_control_stop(int signal) {
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// Those that come of what the thread itself did would come again.
bool comes_from_its_call(int signal) {
    return signal == SIGPIPE || signal == SIGXFSZ;
}

bool is_ignored(pid_t thread, int signal) {
    const auto status = read_thread_status(thread);
    if (!status || signal < 1 || signal > SIGRTMAX)
        return false;
    const auto has = [signal](std::uint64_t set) { return (set >> (signal - 1) & 1) != 0; };
    const bool is_ignored_by_default =
        signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
    return has(status->ignored) || (is_ignored_by_default && !has(status->caught));
}

}  // namespace

Result<std::unique_ptr<Tracer>> Tracer::start() {
    std::unique_ptr<Tracer> tracer(new Tracer);
    tracer->end_event_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!tracer->end_event_)
        return errno_error("cannot start the tracer: eventfd", errno);
    tracer->filters_ = filters_of_programs();
    install_interruption();
    const SignalsBlocked none_for_threads;
    try {
        tracer->thread_ = std::thread([raw = tracer.get()] { raw->trace(); });
    } catch (const std::system_error& error) {
        return errno_error("cannot start the tracer's thread", error.code().value());
    }
    return tracer;
}

Tracer::~Tracer() {
    if (!thread_.joinable())
        return;
    run([this] { is_over_ = true; });
    thread_.join();
}

int Tracer::attach(pid_t process) {
    int failure = 0;
    run([&] {
        if (::ptrace(PTRACE_SEIZE, process, nullptr, number(trace_options)) != 0)
            failure = errno;
        else
            root_ = process;
    });
    return failure;
}

std::optional<int> Tracer::wait_status() {
    const std::lock_guard lock(mutex_);
    return root_status_;
}

void Tracer::run(const std::function<void()>& task) {
    const std::lock_guard one(callers_);
    std::unique_lock lock(mutex_);
    task_ = &task;
    is_taken_ = is_done_ = false;
    changed_.notify_all();
    while (!is_taken_) {
        ::pthread_kill(thread_.native_handle(), interrupting_signal);
        changed_.wait_for(lock, interruption_interval, [this] { return is_taken_; });
    }
    changed_.wait(lock, [this] { return is_done_; });
}

void Tracer::watch_exits(std::function<void(pid_t)> ended) {
    run([&] { ended_ = std::move(ended); });
}

void Tracer::take_tasks() {
    std::unique_lock lock(mutex_);
    if (task_ == nullptr)
        return;
    const auto* const task = std::exchange(task_, nullptr);
    is_taken_ = true;
    changed_.notify_all();
    lock.unlock();
    (*task)();
    lock.lock();
    is_done_ = true;
    changed_.notify_all();
}

void Tracer::trace() {
    allow_interruption();
    for (;;) {
        take_tasks();
        if (is_over_)
            return;
        int status = 0;
        const pid_t thread = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
        if (thread > 0) {
            take_event(thread, status);
        } else if (errno == ECHILD) {  // nothing is traced yet
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return task_ != nullptr; });
        }
    }
}

void Tracer::take_event(pid_t thread, int status) {
    if (!WIFSTOPPED(status)) {
        forget(thread);
        if (thread == root_) {
            const std::lock_guard lock(mutex_);
            root_status_ = status;
            ::eventfd_write(end_event_.get(), 1);
        }
        if (ended_)
            ended_(thread);
        return;
    }
    const int signal = WSTOPSIG(status);
    const int event = status >> event_shift;
    if (event == 0 && signal == system_call_stop)
        return take_call_stop(thread);
    if (event == 0)
        return take_signal(thread, signal);
    if (event == PTRACE_EVENT_STOP && is_job_control_stop(signal)) {
        // It stays stopped, and SIGCONT is reported.
        ::ptrace(PTRACE_LISTEN, thread, nullptr, nullptr);
        return;
    }
    if (event == PTRACE_EVENT_EXEC)
        forget(thread);
    resume(thread, 0);
}

void Tracer::resume(pid_t thread, int signal) {
    const bool awaits_call = relabelled_.contains(thread) || transfers_.contains(thread);
    ::ptrace(awaits_call ? PTRACE_SYSCALL : PTRACE_CONT, thread, nullptr,
             number(static_cast<std::uint64_t>(signal)));
}

void Tracer::interrupt(pid_t thread) {
    ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
}

void Tracer::take_signal(pid_t thread, int signal) {
    // Before a relabelled call was made: after its handler the program makes its own again.
    remove_label(thread);
    finish_transfer(thread);  // likewise, before its next part
    if (signal == SIGSYS && relabel(thread))
        return resume(thread, 0);
    resume(thread, go_on_in_spite_of(thread, signal) ? 0 : signal);
}

// A signal that the program ignores reaches nobody without a tracer. With one it does, and ends
// the calls that the kernel does not make again of itself. Whether the thread goes on with its call
// and the signal is dropped.
bool Tracer::go_on_in_spite_of(pid_t thread, int signal) {
    auto registers = read_registers(thread);
    if (!registers)
        return false;
    const auto result = static_cast<std::int64_t>(registers->rax);
    if (result == -EINTR && ends_for_any_signal(registers->orig_rax)) {
        registers->rax = static_cast<std::uint64_t>(-restart_without_handler);
        (void)write_registers(thread, *registers);
        return false;
    }
    if (result <= 0 || comes_from_its_call(signal) || !is_ignored(thread, signal))
        return false;
    auto transfer = InterruptedTransfer::of(thread, *registers, filters_);
    if (!transfer || !transfer->begin_part(thread))
        return false;
    transfers_.insert_or_assign(thread, std::move(*transfer));
    return true;
}

void Tracer::finish_transfer(pid_t thread) {
    const auto found = transfers_.find(thread);
    if (found == transfers_.end())
        return;
    found->second.finish(thread);
    transfers_.erase(found);
}

void Tracer::forget(pid_t thread) {
    relabelled_.erase(thread);
    transfers_.erase(thread);
}

void Tracer::remove_label(pid_t thread) {
    const auto found = relabelled_.find(thread);
    if (found == relabelled_.end())
        return;
    if (auto registers = read_registers(thread)) {
        registers->rdi = found->second.domain;
        registers->r10 = found->second.fourth;
        (void)write_registers(thread, *registers);
    }
    relabelled_.erase(found);
}

// Whether the SIGSYS is that of the tree's filter. Programs have filters of their own that trap.
bool Tracer::relabel(pid_t thread) {
    siginfo_t info{};
    if (::ptrace(PTRACE_GETSIGINFO, thread, nullptr, &info) != 0 ||
        info.si_code != filter_trapped || info.si_arch != AUDIT_ARCH_X86_64 ||
        info.si_syscall != SYS_socket)
        return false;
    auto registers = read_registers(thread);
    if (!registers || static_cast<std::uint32_t>(registers->rdi) != AF_VSOCK ||
        reinterpret_cast<std::uint64_t>(info.si_call_addr) != registers->rip)
        return false;
    relabelled_[thread] = {registers->rdi, registers->r10};
    registers->rdi = AF_UNIX;
    registers->r10 = relabel_mark;
    registers->rax = SYS_socket;
    registers->orig_rax = no_restart;
    registers->rip -= syscall_bytes;
    return write_registers(thread, *registers);
}

// The beginning or the end of a call that this tracer has the thread make. A relabelled one that a
// signal interrupted ends too, and is made again as the program wrote it.
void Tracer::take_call_stop(pid_t thread) {
    __ptrace_syscall_info info{};
    const bool is_end = ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, number(sizeof info), &info) > 0 &&
                        info.op == PTRACE_SYSCALL_INFO_EXIT;
    const auto transfer = transfers_.find(thread);
    if (is_end && transfer != transfers_.end()) {
        if (!transfer->second.end_part(thread) || !transfer->second.begin_part(thread))
            finish_transfer(thread);
    } else if (is_end) {
        remove_label(thread);
    }
    resume(thread, 0);
}

}  // namespace glovebox::supervisor

#else

#include <cerrno>

namespace glovebox::supervisor {

Result<std::unique_ptr<Tracer>> Tracer::start() {
    return errno_error("relabelling sockets works on x86-64 only", ENOSYS);
}
Tracer::~Tracer() = default;
int Tracer::attach(pid_t) {
    return ENOSYS;
}
void Tracer::run(const std::function<void()>& task) {
    task();
}
void Tracer::resume(pid_t, int) {}
void Tracer::interrupt(pid_t) {}
void Tracer::watch_exits(std::function<void(pid_t)>) {}
std::optional<int> Tracer::wait_status() {
    return std::nullopt;
}

}  // namespace glovebox::supervisor

#endif
