// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/nsm_calls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/base/signals_blocked.h"

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
    const SignalsBlocked none_for_threads;
    thread_ = std::thread([this] { run(); });
}

NsmCalls::~NsmCalls() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    changed_.notify_one();
    device_.stop_waiting();
    thread_.join();
}

SyscallReply NsmCalls::answer(const SystemCall& call, Tracee& tracee) {
    // Most programs have their requests at one place: it is read together with what says so.
    NsmRaw raw;
    std::array<std::uint8_t, sizeof raw> raw_bytes;
    std::array<std::uint8_t, expected_bytes_max> expected_bytes;
    const std::array<Tracee::Source, 2> sources{
        {{call.arguments[2], raw_bytes},
         {expected_at_, std::span(expected_bytes).first(expected_length_)}}};
    const auto read = tracee.read_some(sources);
    if (!read || *read < sizeof raw)
        return SyscallReply::error(read ? EFAULT : to_int(read.error()));
    std::memcpy(&raw, raw_bytes.data(), sizeof raw);
    if (raw.request.length > nsm::request_bytes_max)
        return SyscallReply::error(EMSGSIZE);
    Job job{call, raw, Bytes(raw.request.length)};
    if (raw.request.address == expected_at_ && raw.request.length <= *read - sizeof raw)
        std::copy_n(expected_bytes.begin(), job.request.size(), job.request.begin());
    else if (const int error = tracee.read(raw.request.address, job.request))
        return SyscallReply::error(error);
    expected_at_ = raw.request.address;
    expected_length_ = std::min(job.request.size(), expected_bytes_max);
    // From here on registers change. A call that was withdrawn changes none.
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    {
        std::unique_lock lock(mutex_);
        if (!queue_.empty() || device_.may_wait() || !is_quick(job.request)) {
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
    const std::array<Tracee::Target, 2> targets{
        {{raw.response.address,
          BytesView(response).first(static_cast<std::size_t>(raw.response.length))},
         {job.call.arguments[2], {reinterpret_cast<const std::uint8_t*>(&raw), sizeof raw}}}};
    const int error = tracee.write(targets);
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
