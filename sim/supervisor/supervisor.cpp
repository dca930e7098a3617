// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/supervisor.h"

#include <linux/audit.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <exception>

#include "core/base/signals_blocked.h"
#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/kernel_tracee.h"
#include "sim/supervisor/thread_interruption.h"

namespace glovebox::supervisor {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
constexpr int foreign_number_bit = 0x40000000;  // __X32_SYSCALL_BIT
#elif defined(__aarch64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
constexpr int foreign_number_bit = 0;
#else
#error "the supervisor knows x86-64 and aarch64: add this architecture's AUDIT_ARCH_ constant"
#endif

// What the program gets where the supervisor ran out of descriptors of its own; 0 where it
// didn't. EMFILE would speak of the program's, as it does from the acceptor.
int exhaustion(const SystemCall& call, const KernelTracee& tracee, const SyscallReply& reply) {
    using Kind = SyscallReply::Kind;
    const bool makes_one = call.number == SYS_socket || Acceptor::handles(call.number);
    const bool lacked_one = reply.kind() == Kind::error && reply.errno_value() == EMFILE;
    if (lacked_one && !Acceptor::handles(call.number))
        return makes_one ? ENFILE : ENOMEM;
    // It may have been a call on an emulated socket, which the kernel would misunderstand. Of
    // ioctls most are not.
    if (tracee.was_exhausted() && reply.kind() == Kind::pass_through && call.number != SYS_ioctl)
        return makes_one ? ENFILE : ENOMEM;
    return 0;
}

}  // namespace

Supervisor::Supervisor(UniqueFd listener, SupervisorConfig config, transports::World& world,
                       BoundNames& names, Log& log)
    : log_(log),
      tracer_(config.tracer),
      kernel_(std::move(listener)),
      notifier_(choose_notifier(config.trace)),
#if defined(__x86_64__)
      sigpipe_calls_(kernel_, tracer_, config.filters),
#endif
      metadata_(config.metadata),
      has_kernel_vsock_(config.kernel_vsock),
      vsock_calls_(config.own, world, names, options_, config.traffic, std::move(config.refused)),
      acceptor_(notifier_, options_, pidfds_, tracee_maker(), config.traffic,
                [this] { tell_of_exhaustion(); }),
      setuid_notice_(log),
      tracing_notice_(log),
      device_calls_(
          config.own, config.dev,
          config.nsm == nullptr ? nullptr
                                : &nsm_calls_.emplace(*config.nsm, notifier_, tracee_maker()),
          std::move(config.control_door),
          config.enclave ? &root_calls_.emplace(*config.enclave, log).settings() : nullptr) {
    if (config.attach && root_calls_)
        init_mounts_.emplace(root_calls_->root(), config.dev, std::move(config.attach), log);
    if (config.own != core::cid_parent)
        loopback_notice_.emplace(log);
    kernel_.wake_up_synchronously();
    install_interruption();
    if (tracer_ != nullptr)
        tracer_->watch_exits([this](pid_t thread) {
            sender_->let_go(thread);
            acceptor_.expect_dead();
        });
    const SignalsBlocked none_for_threads;
    thread_ = std::thread([this, &world] {
        world.enter_with_thread();
        run();
    });
}

Supervisor::~Supervisor() {
    pollfd poll_fd{kernel_.listener(), 0, 0};
    while (::poll(&poll_fd, 1, -1) < 0 || (poll_fd.revents & POLLHUP) == 0) {
    }
    // A receive waits though nobody is left, on kernels before 6.11. Again and again: the thread
    // may be just about to begin its wait.
    using namespace std::chrono_literals;
    while (!is_over_) {
        ::pthread_kill(thread_.native_handle(), interrupting_signal);
        std::this_thread::sleep_for(1ms);
    }
    thread_.join();
    if (tracer_ != nullptr)
        tracer_->watch_exits({});
}

Notifier& Supervisor::choose_notifier(bool trace) {
    Notifier& below =
        tracer_ == nullptr ? static_cast<Notifier&>(kernel_) : sender_.emplace(kernel_, *tracer_);
    return trace ? static_cast<Notifier&>(tracing_.emplace(below, log_, tracee_maker())) : below;
}

TraceeMaker Supervisor::tracee_maker() {
    return [this](const SystemCall& call) {
        return std::make_unique<KernelTracee>(call, notifier_, pidfds_, sockets_, sender());
    };
}

void Supervisor::run() {
    allow_interruption();
    std::uint64_t calls = 0;
    for (;;) {
        if (const auto call = notifier_.receive()) {
            handle(*call);
            ++calls;
        } else if (kernel_.all_exited()) {
            break;
        }
    }
    log_.debug("ended", "{} calls notified", calls);
    is_over_ = true;
}

void Supervisor::handle(const SystemCall& call) {
    SyscallReply reply = SyscallReply::error(ENOMEM);
    int exhausted = try_answer(call, reply);
    // Whoever had no descriptor left has done nothing yet. Pidfds are cached, and can be had again.
    if (exhausted != 0 && pidfds_.let_go())
        exhausted = try_answer(call, reply);
    if (exhausted != 0) {
        tell_of_exhaustion();
        reply = SyscallReply::error(exhausted);
    }
    if (reply.kind() == SyscallReply::Kind::later)
        return;
    const int failure = notifier_.send(call.id, reply);
    // Still waiting: the program is at a limit, for example of its descriptors (EMFILE).
    if (failure != 0 && failure != ENOENT && failure != ESRCH)
        (void)notifier_.send(call.id, SyscallReply::error(failure));
    // A watcher who hears of the outcome finds a connect that has returned.
    if (reply.kind() == SyscallReply::Kind::error && reply.fd() >= 0)
        wake_writers(reply.fd());
}

int Supervisor::try_answer(const SystemCall& call, SyscallReply& reply) {
    KernelTracee tracee(call, notifier_, pidfds_, sockets_, sender());
    try {
        reply = answer(call, tracee);
    } catch (const std::exception& exception) {
        log_.error("bug", "a system call of thread {} failed in the supervisor: {}", call.thread,
                   field("error", exception.what()));
    }
    // Nobody may look into a process that ends.
    if (tracee.was_denied() && notifier_.is_valid(call.id))
        tell_of_denial(call.thread);
    return exhaustion(call, tracee, reply);
}

SyscallReply Supervisor::answer(const SystemCall& call, Tracee& tracee) {
    if (call.architecture != native_architecture || (call.number & foreign_number_bit) != 0)
        return refuse_foreign(call);
    if (sender_ && sender_->prepare(call, tracee,
                                    [&] { return metadata_ && metadata_->concerns(call, tracee); }))
        return SyscallReply::later();
#if defined(__x86_64__)
    if (SigpipeCalls::handles(call.number))
        return sigpipe_calls_.answer(call, tracee);
    const bool gives_socket =
        call.number == SYS_socket || call.number == SYS_connect || Acceptor::handles(call.number);
    if (gives_socket && sigpipe_calls_.prepare(call, tracee))
        return SyscallReply::later();
#endif
    if (SocketMaker::moves(call.number))
        sockets_.expect_move(call.thread);
    if (Acceptor::handles(call.number)) {
        SyscallReply reply = acceptor_.answer(call, tracee);
        // The acceptor holds the listener as long as it needs to.
        if (sender_ && reply.kind() == SyscallReply::Kind::later)
            sender_->let_go(call.thread);
        return reply;
    }
    if (SetuidNotice::handles(call.number)) {
        setuid_notice_.look(call, tracee);
        return SyscallReply::pass_through();
    }
    if (sender_ && TracingNotice::handles(call.number)) {
        tracing_notice_.look(call);
        if (TracingNotice::is_filter_call(call.number))
            sender_->expect_filters();
        return SyscallReply::pass_through();
    }
    if (init_mounts_ && InitMounts::handles(call.number)) {
        SyscallReply reply = init_mounts_->answer(call, tracee);
        if (reply.kind() != SyscallReply::Kind::pass_through)
            return reply;
    }
    if (root_calls_)
        if (auto reply = root_calls_->answer(call, tracee))
            return std::move(*reply);
    if (metadata_)
        if (auto reply = metadata_->answer(call, tracee))
            return std::move(*reply);
    // The calls on such a socket pass as on any other that was not made here.
    if (has_kernel_vsock_ && call.number == SYS_socket)
        return SyscallReply::pass_through();
    if (VsockCalls::handles(call.number)) {
        SyscallReply reply = vsock_calls_.answer(call, tracee);
        if (loopback_notice_ && reply.kind() == SyscallReply::Kind::pass_through)
            loopback_notice_->look(call, tracee);
        // A port may be held by nobody but us, for a waiting accept that was just killed. Tried
        // again in any case: the acceptor's thread may have let go of it a moment ago.
        if (reply.kind() == SyscallReply::Kind::error && reply.errno_value() == EADDRINUSE) {
            acceptor_.forget_the_dead();
            return vsock_calls_.answer(call, tracee);
        }
        return reply;
    }
    if (DeviceCalls::handles(call.number))
        return device_calls_.answer(call, tracee);
    return SyscallReply::pass_through();
}

void Supervisor::tell_of_exhaustion() {
    if (told_of_exhaustion_.exchange(true))
        return;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    log_.error(
        "no_descriptors",
        "the supervisor has no descriptor left (it needs one for each call that waits, of {} that "
        "it may have), so calls on AF_VSOCK sockets fail with ENOMEM or ENFILE: raise the hard "
        "limit (ulimit -Hn) where glovebox is started",
        limit.rlim_cur);
}

void Supervisor::tell_of_denial(pid_t thread) {
    if (thread == last_denied_)
        return;
    last_denied_ = thread;
    log_.error(
        "not_readable",
        "process {} can't be looked into, so its AF_VSOCK and /dev/nsm don't work: it made itself "
        "undumpable (prctl PR_SET_DUMPABLE 0), or its file may be executed but not read, or "
        "/proc/sys/kernel/yama/ptrace_scope is 2 or 3. Leave the prctl out here, give the file "
        "read permission, or run glovebox as root",
        thread);
}

SyscallReply Supervisor::refuse_foreign(const SystemCall& call) {
    if (call.thread != last_foreign_)
        log_.error(
            "foreign_call",
            "process {} makes system calls of another architecture (a 32-bit program?), which are "
            "not supervised and all fail with ENOSYS: use a 64-bit build of it",
            call.thread);
    last_foreign_ = call.thread;
    return SyscallReply::error(ENOSYS);
}

}  // namespace glovebox::supervisor
