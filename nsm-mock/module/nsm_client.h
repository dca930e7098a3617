// SPDX-License-Identifier: Apache-2.0

// The seven requests as functions, over any NsmDevice. Enclave programs, the command line and the
// examples call them.
//
// An error is an NsmError with a sentence that names the request: the module's own error,
// input_too_large if the request is longer than request_bytes_max, or invalid_response if the
// answer is malformed or belongs to another request. Threads may share a client as far as they may
// share its device.
#pragma once

#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/module/nsm_request.h"
#include "nsm-mock/module/nsm_response.h"

namespace glovebox::nsm {

class NsmClient {
  public:
    // The device outlives the client.
    explicit NsmClient(NsmDevice& device) : device_(device) {}

    // The module's name, its version, and which PCRs are locked.
    [[nodiscard]] Result<response::DescribeNsm> describe_nsm();
    // The value of a PCR, 48 bytes, and whether it is locked. `index` is 0 to 31.
    [[nodiscard]] Result<response::DescribePcr> describe_pcr(PcrIndex index);
    // Sets an unlocked PCR to SHA384(old value, data) and returns the new value, 48 bytes. `data`
    // has any length that fits into a request.
    [[nodiscard]] Result<Bytes> extend_pcr(PcrIndex index, BytesView data);
    // Locks a PCR until the enclave ends. ReadOnlyIndex if it is locked already.
    [[nodiscard]] Result<void> lock_pcr(PcrIndex index);
    // Locks PCR0 to PCR(range - 1), locked ones included; `range` is 0 to 32.
    [[nodiscard]] Result<void> lock_pcrs(PcrIndex range);
    // Random bytes, at least one. The module decides how many: the mock returns 256.
    [[nodiscard]] Result<Bytes> get_random();
    // A new attestation document that holds these fields (attestation_document.h).
    [[nodiscard]] Result<Bytes> attest(request::Attestation fields = {});

  private:
    template <class Answer>
    Result<Answer> ask(const Request& request);

    NsmDevice& device_;
};

}  // namespace glovebox::nsm
