// SPDX-License-Identifier: Apache-2.0

// A simulated module that outlives its process: its identity and registers in a file, so that
// extending a PCR in one command and reading it in the next behave as on hardware.
//
//   {"module_id": "i-...-enc...", "region": "us-east-1",
//    "pcrs": [{"value": "<96 hex>", "locked": true}, ... 32 of them]}
#pragma once

#include <optional>
#include <string>

#include "core/base/unique_fd.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/module/pcr_bank.h"

namespace glovebox::enclave {

struct NsmState {
    nsm::ModuleId module_id;
    std::string region;
    nsm::PcrBank pcrs;
};

[[nodiscard]] std::string encode_nsm_state(const NsmState& state);
// The error says which part of the text is wrong.
[[nodiscard]] Result<NsmState> decode_nsm_state(const std::string& text);

// The file, held by this process alone until it is closed.
class NsmStateFile {
  public:
    // Makes the file (0600) where it is missing, and waits while another process holds it.
    [[nodiscard]] static Result<NsmStateFile> open(const std::string& path);

    // Nothing in a file that is new.
    [[nodiscard]] Result<std::optional<NsmState>> read() const;
    [[nodiscard]] Result<void> write(const NsmState& state) const;

  private:
    NsmStateFile(std::string path, UniqueFd file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    UniqueFd file_;
};

}  // namespace glovebox::enclave
