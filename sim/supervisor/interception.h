// SPDX-License-Identifier: Apache-2.0

// Which of two ways brings a tree's calls to its supervisor on this machine: notifications alone,
// or, where a container's filter denies socket(AF_VSOCK), a tracer that relabels that call
// (tracer.h).
#pragma once

#include <linux/filter.h>

#include <memory>
#include <utility>
#include <vector>

#include "sim/supervisor/obstacle.h"
#include "sim/supervisor/syscall_filter.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

// `start(filter, tracer)` is launch() or probe_supervision(). It is called without a tracer, and if
// another filter denies the call, again with one, which `tracer` then owns and which outlives the
// tree.
template <class Start>
[[nodiscard]] auto intercept(FilterOptions options, std::unique_ptr<Tracer>& tracer,
                             const Start& start)
    -> decltype(start(std::vector<sock_filter>(), tracer.get())) {
    const auto filter = make_filter(options);
    if (!filter)
        return filter.error();
    auto started = start(*filter, nullptr);
    if (started || !is_vsock_denial(started.error()))
        return started;
    auto made = Tracer::start();
    if (!made)
        return started;
    options.relabels = true;
    const auto relabelling = make_filter(options);
    if (!relabelling)
        return relabelling.error();
    tracer = std::move(*made);
    return start(*relabelling, tracer.get());
}

}  // namespace glovebox::supervisor
