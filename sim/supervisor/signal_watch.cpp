// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/signal_watch.h"

#include <algorithm>

namespace glovebox::supervisor {
namespace {

// So many calls are asked in each round whether they still wait; the kernel looks for each of them
// in a list of all, whose entries are on as many stacks.
constexpr std::size_t turns_a_round = 2;
// Looks at threads that nothing is known of. A look takes ten microseconds.
constexpr std::size_t first_looks_a_round = 256;
// A look at all threads is followed by a pause of so many times its length: where the queue has
// changed since then, and where it has not.
constexpr int pause_with_news = 1;
constexpr int pause_without = 100;
// After so many rounds without a thread of a process, the process is forgotten.
constexpr std::uint64_t rounds_remembered = 64;

}  // namespace

void SignalWatch::begin(std::size_t threads, Clock::time_point now) {
    ++round_;
    begun_at_ = now;
    stride_ = std::max<std::size_t>(1, (threads + turns_a_round - 1) / turns_a_round);
    place_ = 0;
    first_looks_ = 0;
    looked_at_all_ = false;
    std::erase_if(queues_, [this](const auto& entry) {
        return entry.second.round + rounds_remembered < round_;
    });
}

const SignalWatch::Queue* SignalWatch::known(const Memory& memory) const {
    const auto found = memory.owner ? queues_.find(*memory.owner) : queues_.end();
    return found != queues_.end() && found->second.round == round_ ? &found->second : nullptr;
}

bool SignalWatch::includes(const Memory& memory) const {
    const Queue* const queue = known(memory);
    return queue != nullptr && memory.round != round_ && (queue->is_quiet || queue->looks_at_all);
}

bool SignalWatch::is_quiet(const Memory& memory) const {
    const Queue* const queue = known(memory);
    return queue != nullptr && queue->is_quiet;
}

SignalWatch::Finding SignalWatch::look(pid_t thread, Memory& memory,
                                       const std::function<bool()>& is_valid) {
    const bool has_turn = (place_++ + round_) % stride_ == 0;
    memory.round = round_;
    const Queue* const read_before = known(memory);
    if (read_before != nullptr && !read_before->looks_at_all)
        return has_turn && !is_valid() ? Finding::gone : Finding::nothing;
    if (!memory.owner && ++first_looks_ > first_looks_a_round)
        return Finding::nothing;
    // Before the status: whatever wakes the thread after that is counted.
    const auto runs = read_runs_(thread);
    if (read_before != nullptr && !has_turn && runs && runs == memory.runs)
        return Finding::nothing;
    const auto status = read_status_(thread);
    memory.runs = status && status->state == 'S' ? runs : std::nullopt;
    // What was read was that thread's, and nobody's who got its number. Of one that was looked at
    // with all others it doesn't matter.
    const bool matters = read_before == nullptr || !status || status->was_woken() || has_turn;
    if (matters && !is_valid())
        return Finding::gone;
    if (!status)
        return Finding::nothing;
    memory.owner = Memory::Owner{status->process, status->users.real};
    note(queues_[*memory.owner], *status);
    return status->was_woken() ? Finding::woken : Finding::nothing;
}

void SignalWatch::note(Queue& queue, const ThreadStatus& status) {
    // A thread that was woken goes on, and may have been sent the next signal by the next round:
    // the count is the same then.
    const bool is_news = status.queued != queue.length || status.was_woken();
    queue.length = status.queued;
    if (queue.round == round_) {
        queue.has_news = queue.has_news || is_news;
        return;
    }
    queue.round = round_;
    queue.is_quiet = queue.length == 0U && !status.was_woken();
    queue.has_news = !queue.is_quiet && (queue.has_news || is_news);
    queue.looks_at_all =
        !queue.is_quiet &&
        begun_at_ >= looked_at_all_at_ +
                         (queue.has_news ? pause_with_news : pause_without) * look_at_all_took_;
    queue.has_news = queue.has_news && !queue.looks_at_all;
    looked_at_all_ = looked_at_all_ || queue.looks_at_all;
}

void SignalWatch::end(Clock::time_point now, Clock::duration took) {
    if (!looked_at_all_)
        return;
    looked_at_all_at_ = now;
    look_at_all_took_ = took;
}

}  // namespace glovebox::supervisor
