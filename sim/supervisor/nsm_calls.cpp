// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/nsm_calls.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "sim/supervisor/block_signals.h"

namespace glovebox::supervisor {
namespace {

// The one request that takes long is a map with this single key.
constexpr std::string_view slow_request = "Attestation";

bool is_quick(BytesView request) {
    const std::string_view text = as_text(request.first(std::min<std::size_t>(32, request.size())));
    return text.find(slow_request) == std::string_view::npos;
}

}  // namespace

NsmCalls::NsmCalls(nsm::NsmDevice& device, Notifier& notifier, TraceeMaker make_tracee)
    : device_(device), notifier_(notifier), make_tracee_(std::move(make_tracee)) {
    const BlockSignals none_for_threads;
    thread_ = std::thread([this] { run(); });
}

NsmCalls::~NsmCalls() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

SyscallReply NsmCalls::answer(const SystemCall& call, Tracee& tracee) {
    const auto raw = tracee.read_value<NsmRaw>(call.arguments[2]);
    if (!raw)
        return SyscallReply::error(to_int(raw.error()));
    if (raw->request.length > nsm::request_bytes_max)
        return SyscallReply::error(EMSGSIZE);
    Job job{call, *raw, Bytes(raw->request.length)};
    if (const int error = tracee.read(raw->request.address, job.request))
        return SyscallReply::error(error);
    // From here on registers change. A call that was withdrawn changes none.
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    {
        std::unique_lock lock(mutex_);
        if (!queue_.empty() || !is_quick(job.request)) {
            queue_.push_back(std::move(job));
            changed_.notify_one();
            return SyscallReply::later();
        }
    }
    return process(job, tracee);
}

SyscallReply NsmCalls::process(const Job& job, Tracee& tracee) {
    const Bytes response = device_.process(job.request);
    // What doesn't fit is cut, and the program told how much it got: the driver's way.
    NsmRaw raw = job.raw;
    raw.response.length = std::min<std::uint64_t>(raw.response.length, response.size());
    int error =
        tracee.write(raw.response.address,
                     BytesView(response).first(static_cast<std::size_t>(raw.response.length)));
    if (error == 0)
        error = tracee.write_value(job.call.arguments[2], raw);
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

void NsmCalls::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return is_over_ || !queue_.empty(); });
        if (queue_.empty())
            return;
        const Job& job = queue_.front();
        lock.unlock();
        if (notifier_.is_valid(job.call.id))
            (void)notifier_.send(job.call.id, process(job, *make_tracee_(job.call)));
        lock.lock();
        queue_.pop_front();
    }
}

}  // namespace glovebox::supervisor
