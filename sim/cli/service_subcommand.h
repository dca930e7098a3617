// The subcommands that are a world's services, and the one that starts them all (subcommand.h has
// the others, and the rules).
#pragma once

#include <CLI/App.hpp>

namespace glovebox::cli {

void add_imds_command(CLI::App& app, int& exit_status);
void add_kms_command(CLI::App& app, int& exit_status);
void add_up_command(CLI::App& app, int& exit_status);

}  // namespace glovebox::cli
