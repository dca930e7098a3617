// SPDX-License-Identifier: Apache-2.0

// The kernel's notification made of plain values: which calls wait, and what they were answered.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "sim/supervisor/seccomp_notify.h"

namespace glovebox::supervisor::testing {

class FakeNotifier final : public Notifier {
  public:
    // Calls that are gone: send() says ENOENT.
    void withdraw(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        gone_.insert(id);
    }
    // What install is answered from now on, EMFILE for example; 0 to let it succeed.
    void fail_installs(int errno_value) {
        const std::lock_guard lock(mutex_);
        install_error_ = errno_value;
    }
    // Waits for the answer to a call.
    SyscallReply wait_for(std::uint64_t id) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return answers_.contains(id); });
        SyscallReply reply = std::move(answers_.at(id));
        answers_.erase(id);
        return reply;
    }
    [[nodiscard]] bool is_answered(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        return answers_.contains(id);
    }

    OrErrno<SystemCall> receive() override { return Errno{ENOENT}; }
    bool is_valid(std::uint64_t id) override {
        const std::lock_guard lock(mutex_);
        return !gone_.contains(id);
    }
    int send(std::uint64_t id, const SyscallReply& reply) override {
        const std::lock_guard lock(mutex_);
        if (gone_.contains(id))
            return ENOENT;
        const bool installs = reply.kind() == SyscallReply::Kind::install;
        if (installs && install_error_ != 0)
            return install_error_;
        answers_.emplace(
            id, installs ? SyscallReply::install(UniqueFd(::dup(reply.fd())), reply.close_on_exec())
                : reply.kind() == SyscallReply::Kind::error
                    ? SyscallReply::error(reply.errno_value())
                    : SyscallReply::value(reply.return_value()));
        changed_.notify_all();
        return 0;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::uint64_t> gone_;
    std::map<std::uint64_t, SyscallReply> answers_;
    int install_error_ = 0;
};

}  // namespace glovebox::supervisor::testing
