// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/deferred_nsm.h"

#include <utility>

#include "core/base/signals_blocked.h"
#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {

DeferredNsm::DeferredNsm(Make make) : device_(start(std::move(make))) {}

std::shared_future<std::shared_ptr<NsmDevice>> DeferredNsm::start(Make make) {
    // Signals to the process are for the threads that wait for them.
    const SignalsBlocked none_for_threads;
    return std::async(std::launch::async, [make = std::move(make)] {
        auto made = make();
        return made ? std::shared_ptr<NsmDevice>(std::move(*made)) : nullptr;
    });
}

Bytes DeferredNsm::process(BytesView request) {
    const std::shared_ptr<NsmDevice>& device = device_.get();
    return device ? device->process(request) : encode_response(NsmError::internal_error);
}

}  // namespace glovebox::nsm
