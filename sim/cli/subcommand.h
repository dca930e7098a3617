// What a subcommand is to main: a function that adds itself to the command line and, when chosen,
// sets the exit status.
//
// Exit statuses, the same everywhere: 0 done; 1 it could not be done, or was refused (one sentence
// on stderr); 2 the command line is wrong.
#pragma once

#include <CLI/App.hpp>

namespace glovebox::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// One line per file of this folder. Each parses into its own options and registers a callback that
// runs the command and writes its exit status to `exit_status`. A failure may be thrown as
// ErrorException; main prints it.
void add_clean_command(CLI::App& app, int& exit_status);
void add_doctor_command(CLI::App& app, int& exit_status);
void add_eif_command(CLI::App& app, int& exit_status);
void add_forward_command(CLI::App& app, int& exit_status);
void add_logs_command(CLI::App& app, int& exit_status);
void add_nsm_command(CLI::App& app, int& exit_status);
void add_parent_command(CLI::App& app, int& exit_status);
void add_pki_command(CLI::App& app, int& exit_status);
void add_proxy_command(CLI::App& app, int& exit_status);
void add_ps_command(CLI::App& app, int& exit_status);
void add_run_command(CLI::App& app, int& exit_status);
void add_stop_command(CLI::App& app, int& exit_status);
void add_verify_command(CLI::App& app, int& exit_status);

}  // namespace glovebox::cli
