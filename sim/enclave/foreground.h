// SPDX-License-Identifier: Apache-2.0

// Messages about an enclave on the terminal that started it: that it runs, that it is ready, and
// why its program failed if its console was not shown.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "sim/enclave/detachment.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

class Foreground {
  public:
    // Writes lines for scripts to `out` and other messages to `error`. `words` are appended to
    // commands in messages: " --world NAME". A console that was shown live is not printed again.
    Foreground(std::ostream& out, std::ostream& error, std::string words, bool is_live)
        : out_(out), error_(error), words_(std::move(words)), is_live_(is_live) {}

    // From here on this process is the background (detachment.h). Throws ErrorException.
    void detach();

    // The events of a run: the functions for RunOptions. `world` is the descriptor of its
    // directory.
    void started(const EnclaveRecord& record) const;
    void reached(const EnclaveRecord& record, int world);
    void ended(const EnclaveRecord& record, int world) const;

  private:
    std::ostream& out_;
    std::ostream& error_;
    std::string words_;
    bool is_live_;
    std::optional<Detachment> detachment_;
    bool is_logged_ = false;  // `error_` is what `glovebox logs` shows after the console
};

}  // namespace glovebox::enclave
