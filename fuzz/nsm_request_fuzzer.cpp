// SPDX-License-Identifier: Apache-2.0

// Any bytes as a request: the module answers every one with an NSM response that fits, answers the
// unchanged state alike, and what it took for a request goes there and back.

#include "fuzz/require.h"
#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/nsm_request.h"
#include "nsm-mock/module/nsm_response.h"

namespace {

using namespace glovebox;

struct Module {
    SeededRandom random{1};
    ManualClock clock{TimePoint(std::chrono::milliseconds(1'700'000'000'123))};
    nsm::CertificateAuthority authority{nsm::make_mock_root(random), random};
    nsm::MockNsmConfig config = [] {
        nsm::MockNsmConfig made;
        made.module_id.instance_id = "i-07e25f3bada361dec";
        return made;
    }();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Module module;
    const BytesView bytes(data, size);
    nsm::MockNsm device(module.config, nsm::boot_pcrs(module.config), module.authority,
                        module.clock, module.random, null_log());
    const auto request = nsm::decode_request(bytes);
    const Bytes answer = request && std::holds_alternative<nsm::request::Attestation>(*request)
                             ? nsm::encode_response(nsm::NsmError::internal_error)  // signs: slow
                             : device.process(bytes);
    require(answer.size() <= nsm::response_bytes_max);
    const auto response = nsm::decode_response(answer);
    require(response.has_value());
    require(nsm::encode_response(*response) == answer);
    if (request) {
        const Bytes encoded = nsm::encode_request(*request);
        const auto again = nsm::decode_request(encoded);
        // Indefinite strings may have come in less than their definite form has.
        require(encoded.size() > nsm::request_bytes_max ||
                (again && nsm::encode_request(*again) == encoded));
    } else {
        require(std::holds_alternative<nsm::NsmError>(*response));
    }
    static_cast<void>(nsm::decode_response(bytes));
    return 0;
}
