// SPDX-License-Identifier: Apache-2.0

#include "core/relay/pipe_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace glovebox::core {
namespace {

constexpr std::size_t copy_buffer_size = 64 * 1024;

// Below this a pipe gains nothing over the copy buffer.
constexpr std::size_t pipe_size_min = 32 * 1024;

// More than any relay could keep busy.
constexpr std::size_t pipe_size_max = 16 * 1024 * 1024;

std::optional<Pipe> make_pipe(std::size_t wanted) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return std::nullopt;
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    // EPERM above fs.pipe-max-size or the user's share: half as much may still be granted.
    for (std::size_t size = std::min(wanted, pipe_size_max); size > pipe_size_min; size /= 2)
        if (::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(size)) > 0)
            break;
    const int size = ::fcntl(ends[1], F_GETPIPE_SZ);
    if (size < static_cast<int>(pipe_size_min))
        return std::nullopt;
    pipe.capacity = static_cast<std::size_t>(size);
    return pipe;
}

}  // namespace

PipePool::PipePool(PipePoolOptions options) : options_(options), copy_buffer_(copy_buffer_size) {}

std::optional<Pipe> PipePool::take() {
    std::optional<Pipe> pipe;
    if (!idle_.empty()) {
        pipe = std::move(idle_.back());
        idle_.pop_back();
    } else if (in_use_ < options_.pipes_max) {
        pipe = make_pipe(options_.pipe_size);
    }
    if (pipe)
        ++in_use_;
    return pipe;
}

void PipePool::give_back(Pipe pipe) {
    --in_use_;
    if (idle_.size() < options_.idle_max)
        idle_.push_back(std::move(pipe));
}

void PipePool::discard(Pipe) {
    --in_use_;
}

}  // namespace glovebox::core
