// SPDX-License-Identifier: Apache-2.0

// A world's certificate authority in the forms in which programs can trust it: its certificate, the
// name under which OpenSSL looks for it in a folder, and a bundle that adds it to this machine's
// authorities.
//
//   <directory>/ca.pem       written by WorldCa
//   <directory>/bundle.pem   this machine's authorities and ca.pem
#pragma once

#include <optional>
#include <string>

#include "core/base/error.h"

namespace glovebox::tls {

struct TrustBundle {
    std::string certificate_file;
    std::string certificate_pem;
    std::string subject_hash;  // 8 hexadecimal digits, as of `openssl x509 -subject_hash`

    // Reads the authority in `directory`; empty if there is none yet. An error if ca.pem is not a
    // certificate.
    [[nodiscard]] static Result<std::optional<TrustBundle>> read(const std::string& directory);

    // This machine's bundle, followed by the authority: a value for the variables that replace a
    // runtime's list. The authority alone if the machine has no bundle.
    [[nodiscard]] std::string with_machines_own() const;
    // Writes the same to bundle.pem beside the certificate, which is replaced as a whole, and
    // returns the file's name.
    [[nodiscard]] Result<std::string> write_bundle() const;
};

}  // namespace glovebox::tls
