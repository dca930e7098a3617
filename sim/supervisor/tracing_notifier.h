// SPDX-License-Identifier: Apache-2.0

// A notifier that logs answers: one line for every supervised call, when it is answered, so that
// the line of an accept that waited has its connection.
//
//   1234: connect(3, 3:8000) = 0
//   1234: accept4(4) = a connection from 3:2881
//   1234: NSM GetRandom = 268 bytes
//   1234: NSM ExtendPCR = ReadOnlyIndex
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// "GetRandom": what a request to the security module asks; "?" where it is malformed.
[[nodiscard]] std::string nsm_request_name(BytesView request);
// "268 bytes", or the error's name.
[[nodiscard]] std::string describe_nsm_response(BytesView response);

class TracingNotifier final : public Notifier {
  public:
    // What is given by reference outlives it.
    TracingNotifier(Notifier& kernel, Log& log, TraceeMaker make_tracee)
        : kernel_(kernel), log_(log), make_tracee_(std::move(make_tracee)) {}

    OrErrno<SystemCall> receive() override;
    bool is_valid(std::uint64_t id) override { return kernel_.is_valid(id); }
    int send(std::uint64_t id, const SyscallReply& reply) override {
        return tell(id, reply, [&] { return kernel_.send(id, reply); });
    }
    int restart(const SystemCall& call) override {
        return tell(call.id, SyscallReply::error(errno_restart),
                    [&] { return kernel_.restart(call); });
    }

  private:
    [[nodiscard]] int tell(std::uint64_t id, const SyscallReply& reply,
                           const std::function<int()>& answer);
    // Empty for a call that is not supervised.
    [[nodiscard]] std::string describe(const SystemCall& call, const SyscallReply& reply);

    // Calls that were withdrawn before they were answered are looked for when there are so many.
    static constexpr std::size_t open_calls_max = 1024;

    Notifier& kernel_;
    Log& log_;
    TraceeMaker make_tracee_;
    std::mutex mutex_;
    std::map<std::uint64_t, SystemCall> open_calls_;
};

}  // namespace glovebox::supervisor
