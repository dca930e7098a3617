// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/state_directory.h"

#include <cerrno>
#include <filesystem>

#include "core/base/private_directory.h"
#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::cli {

Option StateDirectory::option() {
    return {.name = "--state",
            .kind = Kind::directory,
            .placeholder = "DIR",
            .summary =
                "Directory of the keys, the traces and the secret that the metadata "
                "service shares with the KMS",
            .default_note = "$XDG_DATA_HOME/glovebox/kms or ~/.local/share/glovebox/kms"};
}

StateDirectory StateDirectory::of(const Values& values) {
    return {values.text("--state")};
}

Result<std::string> last_world_trace() {
    const auto pki = nsm::default_pki_directory();
    if (!pki)
        return pki.error();
    return (std::filesystem::path(*pki).parent_path() / "up" / "trace.jsonl").string();
}

Result<std::string> StateDirectory::open() const {
    std::filesystem::path directory = path;
    if (path.empty()) {
        const auto pki = nsm::default_pki_directory();
        if (!pki)
            return pki.error();
        directory = std::filesystem::path(*pki).parent_path() / "kms";
    }
    std::error_code failure;
    const auto above = std::filesystem::absolute(directory, failure).parent_path();
    if (!failure && !above.empty())
        std::filesystem::create_directories(above, failure);
    if (failure)
        return Error(make_error_code(boost::system::errc::io_error),
                     "cannot create " + above.string() + ": " + failure.message());
    // A descriptor that was checked; the files in it are reached by name.
    const auto checked = open_private_directory(directory.string());
    if (!checked)
        return checked.error();
    return directory.string();
}

}  // namespace glovebox::cli
