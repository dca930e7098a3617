// SPDX-License-Identifier: Apache-2.0

// What a person who started an enclave is told of it, on the terminal that started it: that it
// runs, that it is ready, and why its program failed where nobody saw its console.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "sim/enclave/detachment.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

class Foreground {
  public:
    // `out` is told what a script reads, `error` the rest. `words` follow commands that sentences
    // show: " --world NAME". A console that is shown live needs no telling.
    Foreground(std::ostream& out, std::ostream& error, std::string words, bool is_live)
        : out_(out), error_(error), words_(std::move(words)), is_live_(is_live) {}

    // From here on the enclave is in the background and the foreground waits until it is ready
    // (detachment.h). Throws ErrorException.
    void detach();

    // The events of a run, which RunOptions calls; `world` is the descriptor of its directory.
    void started(const EnclaveRecord& record) const;
    void reached(const EnclaveRecord& record, int world);
    void ended(const EnclaveRecord& record, int world) const;

  private:
    std::ostream& out_;
    std::ostream& error_;
    std::string words_;
    bool is_live_;
    std::optional<Detachment> detachment_;
};

}  // namespace glovebox::enclave
