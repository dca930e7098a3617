// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/foreground.h"

#include <fmt/format.h>

#include <ostream>

#include "core/base/unique_fd.h"
#include "sim/enclave/console_tail.h"

namespace glovebox::enclave {
namespace {

// The part of a console that is shown if its program failed and the console was not shown live.
constexpr std::size_t tail_lines = 10;
constexpr std::size_t tail_bytes = 4096;

}  // namespace

void Foreground::detach() {
    detachment_.emplace(Detachment::begin().value());
}

void Foreground::started(const EnclaveRecord& record) const {
    if (record.isolation == "sandbox" && !is_live_)
        error_ << fmt::format(
            "Started the enclave with CID {0}. Its console: glovebox logs -f {0}{1}\n", record.cid,
            words_);
}

// A detached run prints the CID, for scripts, and leaves the terminal.
void Foreground::reached(const EnclaveRecord& record, int world) {
    if (!detachment_)
        return;
    out_ << record.cid << std::endl;
    auto log = make_log_file(world, record.cid);
    is_logged_ = log.has_value();
    detachment_->ready(log ? std::move(*log) : UniqueFd());
}

void Foreground::ended(const EnclaveRecord& record, int world) const {
    // Whoever sent the signal knows.
    if (is_live_ || record.isolation != "sandbox" || record.exit_status == 0 || record.was_asked)
        return;
    if (record.was_stopped) {
        error_ << "glovebox: the enclave was stopped\n";
        return;
    }
    if (is_logged_) {
        error_ << fmt::format("glovebox: the enclave's program {}\n", record.reason);
        return;
    }
    const std::string lines = last_console_lines(world, record.cid, tail_lines, tail_bytes);
    error_ << fmt::format("glovebox: the enclave's program {}{}\n{}{}", record.reason,
                          lines.empty() ? "; its console is empty" : "; its console ended with:",
                          lines, lines.empty() || lines.ends_with('\n') ? "" : "\n");
}

}  // namespace glovebox::enclave
