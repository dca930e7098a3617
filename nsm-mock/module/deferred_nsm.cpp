// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/deferred_nsm.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {

DeferredNsm::DeferredNsm(Make make) {
    // The thread inherits the mask. Signals to the process are for the threads that wait for them.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    device_ = std::async(std::launch::async, [make = std::move(make)] {
        auto made = make();
        return made ? std::shared_ptr<NsmDevice>(std::move(*made)) : nullptr;
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Bytes DeferredNsm::process(BytesView request) {
    const std::shared_ptr<NsmDevice>& device = device_.get();
    return device ? device->process(request) : encode_response(NsmError::internal_error);
}

}  // namespace glovebox::nsm
