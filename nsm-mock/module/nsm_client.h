// SPDX-License-Identifier: Apache-2.0

// The seven requests as functions, over any NsmDevice: what an enclave program, the command line
// and the examples call.
//
// An error is an NsmError: the module's own, or invalid_response when its answer is not one.
#pragma once

#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/module/nsm_request.h"
#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {

class NsmClient {
  public:
    // The device outlives the client.
    explicit NsmClient(NsmDevice& device) : device_(device) {}

    [[nodiscard]] Result<response::DescribeNsm> describe_nsm();
    [[nodiscard]] Result<response::DescribePcr> describe_pcr(PcrIndex index);
    // The PCR's new value.
    [[nodiscard]] Result<Bytes> extend_pcr(PcrIndex index, BytesView data);
    [[nodiscard]] Result<void> lock_pcr(PcrIndex index);
    [[nodiscard]] Result<void> lock_pcrs(PcrIndex range);
    [[nodiscard]] Result<Bytes> get_random();
    // An attestation document: a COSE_Sign1, see attestation_document.h.
    [[nodiscard]] Result<Bytes> attest(request::Attestation fields = {});

  private:
    template <class Answer>
    Result<Answer> ask(const Request& request);

    NsmDevice& device_;
};

}  // namespace glovebox::nsm
