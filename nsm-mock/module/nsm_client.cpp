// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_client.h"

#include <fmt/core.h>

namespace glovebox::nsm {

template <class Answer>
Result<Answer> NsmClient::ask(const Request& request) {
    const Bytes encoded = encode_request(request);
    if (encoded.size() > request_bytes_max)  // as the driver has it: it never reaches the module
        return Error(NsmError::input_too_large,
                     fmt::format("{}: the request has {} bytes, the device takes {}",
                                 describe(request), encoded.size(), request_bytes_max));
    auto response = decode_response(device_.process(encoded));
    if (!response)
        return std::move(response).error().in(describe(request));
    if (const auto* error = std::get_if<NsmError>(&*response))
        return Error(*error, fmt::format("{}: the module answered {}: {}", describe(request),
                                         wire_name(*error), make_error_code(*error).message()));
    if (auto* answer = std::get_if<Answer>(&*response))
        return std::move(*answer);
    return Error(NsmError::invalid_response,
                 describe(request) + ": the module answered another request");
}

Result<response::DescribeNsm> NsmClient::describe_nsm() {
    return ask<response::DescribeNsm>(request::DescribeNsm{});
}

Result<response::DescribePcr> NsmClient::describe_pcr(PcrIndex index) {
    return ask<response::DescribePcr>(request::DescribePcr{index});
}

Result<Bytes> NsmClient::extend_pcr(PcrIndex index, BytesView data) {
    auto answer =
        ask<response::ExtendPcr>(request::ExtendPcr{index, Bytes(data.begin(), data.end())});
    if (!answer)
        return answer.error();
    return std::move(answer->data);
}

Result<void> NsmClient::lock_pcr(PcrIndex index) {
    const auto answer = ask<response::LockPcr>(request::LockPcr{index});
    if (!answer)
        return answer.error();
    return {};
}

Result<void> NsmClient::lock_pcrs(PcrIndex range) {
    const auto answer = ask<response::LockPcrs>(request::LockPcrs{range});
    if (!answer)
        return answer.error();
    return {};
}

Result<Bytes> NsmClient::get_random() {
    auto answer = ask<response::GetRandom>(request::GetRandom{});
    if (!answer)
        return answer.error();
    return std::move(answer->random);
}

Result<Bytes> NsmClient::attest(request::Attestation fields) {
    auto answer = ask<response::Attestation>(std::move(fields));
    if (!answer)
        return answer.error();
    return std::move(answer->document);
}

}  // namespace glovebox::nsm
