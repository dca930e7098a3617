// SPDX-License-Identifier: Apache-2.0

// Where a user's mock root is kept: a private directory with two files.
//
//   root.key   the root's private key, PKCS#8 PEM
//   root.pem   its certificate, which verifiers may be given
//
// Both are made once, when the directory is first used. Anyone who reads root.key can sign
// documents that this user's verifiers accept with `--root mock`. So the directory is 0700, the
// files 0600, and another owner, another mode or a symbolic link is refused.
#pragma once

#include <string>

#include "core/base/random_source.h"
#include "nsm-mock/pki/certificate_authority.h"

namespace glovebox::nsm {

// $XDG_DATA_HOME/glovebox/pki, or ~/.local/share/glovebox/pki. An error where neither the
// environment nor the user database names a home.
[[nodiscard]] Result<std::string> default_pki_directory();

// The root kept in `directory`, which is made with a new root where it is missing. Safe against any
// number of processes that do the same at once: all get the same root.
[[nodiscard]] Result<CaIdentity> open_pki(const std::string& directory, RandomSource& random);

// The root's certificate; where there is none yet, an error that says so. Makes nothing.
[[nodiscard]] Result<Certificate> read_pki_root(const std::string& directory);

}  // namespace glovebox::nsm
