// SPDX-License-Identifier: Apache-2.0

// The state of a simulated module that outlives its process: its identity and its registers, in a
// file. So a PCR can be extended in one command and read in the next, as on hardware.
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

// The file, locked by this process until it is closed.
class NsmStateFile {
  public:
    // Opens the file, created with mode 0600 if it is missing. Waits while another process has it
    // locked.
    [[nodiscard]] static Result<NsmStateFile> open(const std::string& path);

    // Empty for a new file.
    [[nodiscard]] Result<std::optional<NsmState>> read() const;
    // Replaces it as a whole, and has the new one locked.
    [[nodiscard]] Result<void> write(const NsmState& state);

  private:
    NsmStateFile(std::string path, UniqueFd file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    UniqueFd file_;
};

}  // namespace glovebox::enclave
