// SPDX-License-Identifier: Apache-2.0

// Keeps the files of the last enclave with a CID (record.h) aside while the next one starts: if
// that one never starts, they are restored.
#pragma once

#include <string>
#include <vector>

#include "core/address/vsock_address.h"

namespace glovebox::enclave {

class EarlierEnclave {
  public:
    // Sets them aside in the world with this directory (a descriptor, not owned). The caller has
    // claimed the CID.
    EarlierEnclave(int world, core::Cid cid);
    // Unless discard() was called, puts them back in place of the files that have been made since.
    ~EarlierEnclave();
    EarlierEnclave(const EarlierEnclave&) = delete;
    EarlierEnclave& operator=(const EarlierEnclave&) = delete;

    // Removes them: the next enclave has started.
    void discard();

    // All names that an enclave's files may have, also after a kill between two steps.
    [[nodiscard]] static std::vector<std::string> file_names(core::Cid cid);

  private:
    int world_;
    core::Cid cid_;
    bool is_discarded_ = false;
};

}  // namespace glovebox::enclave
