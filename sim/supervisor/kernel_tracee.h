// SPDX-License-Identifier: Apache-2.0

// The real Tracee: a thread that waits in the kernel.
#pragma once

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sim/supervisor/descriptor_sender.h"
#include "sim/supervisor/pidfd_cache.h"
#include "sim/supervisor/process_memory.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/socket_maker.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class KernelTracee final : public Tracee {
  public:
    // `sender` is null where the kernel hands descriptors out itself.
    KernelTracee(const SystemCall& call, Notifier& notifier, PidfdCache& pidfds,
                 SocketMaker& sockets, DescriptorSender* sender)
        : thread_(call.thread),
          id_(call.id),
          notifier_(notifier),
          pidfds_(pidfds),
          sockets_(sockets),
          sender_(sender) {}

    OrErrno<std::size_t> read_some(std::uint64_t address, std::span<std::uint8_t> out) override {
        return note(read_process_memory(thread_, address, out));
    }
    int write(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
        return write_process_memory(thread_, address, bytes);
    }
    OrErrno<std::size_t> read_some(std::span<const Source> sources) override {
        return note(read_process_memory(thread_, sources));
    }
    int write(std::span<const Target> targets) override {
        return write_process_memory(thread_, targets);
    }
    bool is_same_file(int fd, int own) override {
        static const pid_t own_process = ::getpid();
        return ::syscall(SYS_kcmp, thread_, own_process, KCMP_FILE, fd, own) == 0;
    }
    OrErrno<UniqueFd> descriptor(int fd) override {
        return note(sender_ == nullptr ? pidfds_.duplicate(thread_, fd)
                                       : sender_->duplicate(thread_, fd));
    }
    OrErrno<UniqueFd> make_socket(int type) override {
        auto made = sockets_.make(thread_, type);
        if (!made && made.error() == Errno{EMFILE} && pidfds_.let_go())
            made = sockets_.make(thread_, type);
        return note(std::move(made));
    }
    bool is_waiting() override { return notifier_.is_valid(id_); }

    // The kernel refused a look into the program.
    [[nodiscard]] bool was_denied() const { return was_denied_; }
    // The supervisor itself had no descriptor left for a look.
    [[nodiscard]] bool was_exhausted() const { return was_exhausted_; }

  private:
    template <class T>
    OrErrno<T> note(OrErrno<T> result) {
        was_denied_ = was_denied_ || (!result && to_int(result.error()) == EPERM);
        was_exhausted_ = was_exhausted_ || (!result && to_int(result.error()) == EMFILE);
        return result;
    }

    pid_t thread_;
    std::uint64_t id_;
    Notifier& notifier_;
    PidfdCache& pidfds_;
    SocketMaker& sockets_;
    DescriptorSender* sender_;
    bool was_denied_ = false;
    bool was_exhausted_ = false;
};

}  // namespace glovebox::supervisor
