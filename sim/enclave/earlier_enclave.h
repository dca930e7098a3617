// SPDX-License-Identifier: Apache-2.0

// The files of the last enclave with a CID (record.h), set aside while the next one begins: an
// enclave that never begins leaves them as they were.
#pragma once

#include <string>
#include <vector>

#include "core/vsock_address.h"

namespace glovebox::enclave {

class EarlierEnclave {
  public:
    // Sets them aside, in the world whose directory this is (not owned). The caller has the CID.
    EarlierEnclave(int world, core::Cid cid);
    // Puts them back, in place of what has been made since.
    ~EarlierEnclave();
    EarlierEnclave(const EarlierEnclave&) = delete;
    EarlierEnclave& operator=(const EarlierEnclave&) = delete;

    // The next enclave has begun: removes them.
    void discard();

    // What the files of an enclave may be called, also after a kill between two steps.
    [[nodiscard]] static std::vector<std::string> file_names(core::Cid cid);

  private:
    int world_;
    core::Cid cid_;
    bool is_discarded_ = false;
};

}  // namespace glovebox::enclave
