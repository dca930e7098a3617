#include "sim/cli/pki_option.h"

#include <CLI/CLI.hpp>

#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::cli {

CLI::Option* PkiOption::add_to(CLI::App& app) {
    return app
        .add_option("--pki", path,
                    "Directory of the mock root [$XDG_DATA_HOME/glovebox/pki or "
                    "~/.local/share/glovebox/pki]")
        ->type_name("DIR");
}

Result<std::string> PkiOption::directory() const {
    if (!path.empty())
        return path;
    return nsm::default_pki_directory();
}

}  // namespace glovebox::cli
