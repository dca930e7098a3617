// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/faulty_nsm.h"

#include <optional>
#include <string>

#include "nsm-mock/module/nsm_error.h"
#include "nsm-mock/module/nsm_request.h"
#include "nsm-mock/module/nsm_response.h"

namespace glovebox::enclave {
namespace {

// "DescribePCR"; empty for bytes that are no request.
std::string name_of(BytesView bytes) {
    const auto request = nsm::decode_request(bytes);
    const std::string text = request ? nsm::describe(*request) : "";
    return text.substr(0, text.find_first_of(" ,"));
}

}  // namespace

Bytes FaultyNsm::process(BytesView bytes) {
    const std::string request = name_of(bytes);
    std::chrono::milliseconds late{};
    std::chrono::milliseconds ahead{};
    std::optional<nsm::NsmError> error;
    for (const fault::Fault& fault : faults_->strike("nsm", request, cid_)) {
        if (fault.kind == fault::Kind::nsm_slow)
            late += fault.time;
        if (fault.kind == fault::Kind::clock)
            ahead += fault.time;
        if (fault.kind == fault::Kind::nsm_error)
            error = nsm::nsm_error_of(fault.error);
    }
    if (clock_ != nullptr)
        clock_->shift(ahead);
    wait(late);
    if (!error)
        return behind_.process(bytes);
    log_.info("nsm_refused", "NSM answers {} to {}, by a fault of the world",
              field("error", wire_name(*error)), field("request", request));
    return nsm::encode_response(*error);
}

void FaultyNsm::wait(std::chrono::milliseconds time) {
    if (time.count() == 0)
        return;
    std::unique_lock lock(mutex_);
    is_over_now_.wait_for(lock, time, [this] { return is_over_; });
}

void FaultyNsm::stop_waiting() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    is_over_now_.notify_all();
}

}  // namespace glovebox::enclave
