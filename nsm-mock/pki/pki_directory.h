// SPDX-License-Identifier: Apache-2.0

// The directory that keeps a user's mock root:
//
//   root.key   the root's private key, PKCS#8 PEM
//   root.pem   its certificate, which verifiers may be given
//
// Both are made once, when the directory is first used. Anyone who can read root.key can sign
// documents that this user's verifiers accept with `--root mock`. So the directory has mode 0700
// and the files 0600. A directory or file of another owner, with another mode, or behind a symbolic
// link is refused.
#pragma once

#include <string>

#include "core/base/random_source.h"
#include "nsm-mock/pki/certificate_authority.h"

namespace glovebox::nsm {

// $XDG_DATA_HOME/glovebox/pki, or ~/.local/share/glovebox/pki. An error if neither the environment
// nor /etc/passwd names a home directory.
[[nodiscard]] Result<std::string> default_pki_directory();

// The root in `directory`. Makes the directory, its parents and a new root if they are missing. Any
// number of processes may do so at once: all get the same root. The error says what is wrong with
// the directory or a file, and how to correct it.
[[nodiscard]] Result<CaIdentity> open_pki(const std::string& directory, RandomSource& random);

// The certificate of the root in `directory`. Makes nothing: an error if there is no root yet.
[[nodiscard]] Result<Certificate> read_pki_root(const std::string& directory);

}  // namespace glovebox::nsm
