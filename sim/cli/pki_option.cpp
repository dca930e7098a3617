// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/pki_option.h"

#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::cli {

Option PkiOption::option() {
    return {.name = "--pki",
            .kind = Kind::directory,
            .placeholder = "DIR",
            .summary = "Directory of the mock root",
            .default_note = "$XDG_DATA_HOME/glovebox/pki or ~/.local/share/glovebox/pki"};
}

PkiOption PkiOption::of(const Values& values) {
    return {values.text("--pki")};
}

Result<std::string> PkiOption::directory() const {
    if (!path.empty())
        return path;
    return nsm::default_pki_directory();
}

}  // namespace glovebox::cli
