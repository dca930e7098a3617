// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/sigpipe_calls.h"

#if defined(__x86_64__)

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

namespace handler = sigpipe_handler;
using handler::KernelAction;

constexpr std::uint64_t mask_bytes = sizeof(KernelAction::mask);
// Pids come again: what is remembered of too many is forgotten.
constexpr std::size_t unprepared_max = 256;

constexpr std::uint64_t sigpipe_bit = std::uint64_t{1} << (SIGPIPE - 1);

// rt_sigaction(SIGPIPE) by the program's own thread. Addresses of 0 set or ask nothing.
std::optional<std::int64_t> set_action(StoppedThread& thread, std::uint64_t new_at,
                                       std::uint64_t old_at) {
    return thread.call(SYS_rt_sigaction,
                       {SIGPIPE, new_at, old_at, mask_bytes, handler::pass_argument, 0});
}

bool map_pages(StoppedThread& thread, Tracee& tracee) {
    const auto mapped = thread.call(
        SYS_mmap, {handler::code_address, 2 * handler::page_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~std::uint64_t{0}, 0});
    if (mapped != static_cast<std::int64_t>(handler::code_address))
        return false;
    if (tracee.write(handler::code_address, handler::code()) == 0 &&
        thread.call(SYS_mprotect, {handler::code_address, handler::page_bytes,
                                   PROT_READ | PROT_EXEC, 0, 0, 0}) == 0)
        return true;
    // Or the page would be taken for the mark of a prepared image.
    (void)thread.call(SYS_munmap, {handler::code_address, 2 * handler::page_bytes, 0, 0, 0, 0});
    return false;
}

// Puts our handler before the program's. `status` is the thread's.
bool install_handler(StoppedThread& thread, Tracee& tracee, const ThreadStatus& status) {
    if ((status.ignored & sigpipe_bit) != 0)
        return true;
    KernelAction programs{};
    if ((status.caught & sigpipe_bit) != 0) {
        const auto read = set_action(thread, 0, handler::old_action_address) == 0
                              ? tracee.read_value<KernelAction>(handler::old_action_address)
                              : OrErrno<KernelAction>(Errno{EFAULT});
        if (!read)
            return false;
        programs = *read;
    }
    return tracee.write_value(handler::own_action_address, programs) == 0 &&
           tracee.write_value(handler::new_action_address, handler::to_kernel(programs)) == 0 &&
           set_action(thread, handler::new_action_address, 0) == 0;
}

}  // namespace

SigpipeCalls::SigpipeCalls(Notifier& notifier, Tracer* tracer, unsigned filters)
    : notifier_(notifier), tracer_(tracer), filters_(filters) {}

bool SigpipeCalls::handles(int number) {
    return number == SYS_rt_sigaction;
}

bool SigpipeCalls::is_prepared(Tracee& tracee) {
    const auto mark = tracee.read_value<std::uint64_t>(handler::code_address);
    return mark && *mark == handler::mark;
}

bool SigpipeCalls::prepare(const SystemCall& call, Tracee& tracee) {
    const bool accepts = call.number != SYS_socket;
    // A server accepts again and again, and its listener is seldom inherited over exec.
    if (accepts && call.thread == last_prepared_)
        return false;
    if (is_prepared(tracee)) {
        last_prepared_ = call.thread;
        return false;
    }
    if (accepts && !EmulatedSocket::of(tracee, call.int_argument(0)))
        return false;
    const auto status = read_thread_status(call.thread);
    if (!status || status->filters != filters_ || unprepared_.contains(status->process) ||
        !tracee.is_waiting())
        return false;
    if (unprepared_.size() >= unprepared_max)
        unprepared_.clear();
    bool is_answered = false;
    on_tracing_thread(tracer_, [&] { is_answered = prepare_image(call, tracee, *status); });
    return is_answered;
}

bool SigpipeCalls::prepare_image(const SystemCall& call, Tracee& tracee,
                                 const ThreadStatus& status) {
    auto [thread, is_answered] = StoppedThread::stop(call, notifier_, tracer_);
    if (!thread || !map_pages(*thread, tracee) || !install_handler(*thread, tracee, status))
        unprepared_.insert(status.process);
    return is_answered;
}

// rt_sigaction(SIGPIPE, new, old, bytes of a mask)
SyscallReply SigpipeCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (call.arguments[3] != mask_bytes || (call.arguments[1] | call.arguments[2]) == 0 ||
        !is_prepared(tracee))
        return SyscallReply::pass_through();
    auto reply = SyscallReply::pass_through();
    on_tracing_thread(tracer_, [&] { reply = set_for_program(call, tracee); });
    return reply;
}

SyscallReply SigpipeCalls::set_for_program(const SystemCall& call, Tracee& tracee) {
    const std::uint64_t new_at = call.arguments[1];
    const std::uint64_t old_at = call.arguments[2];
    const auto own = tracee.read_value<KernelAction>(handler::own_action_address);
    const auto given = new_at == 0 ? OrErrno<KernelAction>(KernelAction{})
                                   : tracee.read_value<KernelAction>(new_at);
    if (!own || !given)
        return SyscallReply::pass_through();
    auto [thread, is_answered] = StoppedThread::stop(call, notifier_, tracer_);
    if (!thread)
        return is_answered ? SyscallReply::later() : SyscallReply::pass_through();
    // Before the kernel's action, whose handler looks there. The default and SIG_IGN need nothing
    // of it, so that a child of vfork(2), which shares the page, changes nothing for its parent.
    bool is_written = true;
    if (new_at != 0) {
        is_written =
            tracee.write_value(handler::new_action_address, handler::to_kernel(*given)) == 0;
        if (handler::is_forwarded(*given))
            is_written = tracee.write_value(handler::own_action_address, *given) == 0 && is_written;
    }
    const auto result = is_written
                            ? set_action(*thread, new_at == 0 ? 0 : handler::new_action_address,
                                         handler::old_action_address)
                            : std::optional<std::int64_t>(-EFAULT);
    if (!result || *result != 0) {
        thread->finish(result.value_or(-EFAULT));
        return SyscallReply::later();
    }
    const auto kernels = tracee.read_value<KernelAction>(handler::old_action_address);
    const bool is_told =
        old_at == 0 ||
        (kernels && tracee.write_value(old_at, handler::to_program(*kernels, *own)) == 0);
    thread->finish(is_told ? 0 : -EFAULT);
    return SyscallReply::later();
}

}  // namespace glovebox::supervisor

#endif
