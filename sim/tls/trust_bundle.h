// SPDX-License-Identifier: Apache-2.0

// A world's authority as those who are to trust it need it: its certificate, the name under which
// OpenSSL looks for it in a folder, and a bundle that has it beside this machine's own.
//
//   <directory>/ca.pem       WorldCa's
//   <directory>/bundle.pem   this machine's authorities and ca.pem
#pragma once

#include <optional>
#include <string>

#include "core/base/error.h"

namespace glovebox::tls {

struct TrustBundle {
    std::string certificate_file;
    std::string certificate_pem;
    std::string subject_hash;  // as `openssl x509 -subject_hash`: 8 hex digits

    // Of the authority in `directory`; nothing where there is none (yet).
    [[nodiscard]] static Result<std::optional<TrustBundle>> read(const std::string& directory);

    // This machine's bundle, then the authority: what the variables that replace a runtime's list
    // may name. Without a bundle of the machine's, the authority alone.
    [[nodiscard]] std::string with_machines_own() const;
    // The same as bundle.pem beside the certificate, replaced as a whole; its name.
    [[nodiscard]] Result<std::string> write_bundle() const;
};

}  // namespace glovebox::tls
