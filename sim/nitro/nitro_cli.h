// SPDX-License-Identifier: Apache-2.0

// AWS's nitro-cli as a program of this machine: run-enclave, describe-enclaves, terminate-enclave.
//
// What it prints is that of nitro-cli 1.5.0; docs/nitro_cli.md has it row by row.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::nitro {

struct RunRequest {
    std::string eif;
    std::string name;
    std::uint32_t cid = 0;
    std::uint32_t memory_mib = 0;
    std::uint32_t cpu_count = 0;
    bool debug = false;
};

struct RunningEnclave {
    std::string name;
    std::string id;     // "i-0584873aac8fea23b-enc17ad2edcbfdad4b"
    pid_t process = 0;  // of nitro-cli, which ends with the enclave
    std::uint32_t cid = 0;
    std::uint32_t cpu_count = 0;
    std::uint32_t memory_mib = 0;
    // "PCR0" and its value, hexadecimal: the image's, also in debug mode. describe() has them.
    std::map<std::string, std::string> pcrs;
};

// What describe-enclaves and run-enclave print, an array and an object. The error says what is
// missing.
[[nodiscard]] Result<std::vector<RunningEnclave>> parse_enclaves(std::string_view json);
[[nodiscard]] Result<RunningEnclave> parse_enclave(std::string_view json);

// "1.5.0" of "Nitro CLI 1.5.0"; nothing for another text.
[[nodiscard]] std::optional<std::string> parse_version(std::string_view text);

// "[ E26 ] Insufficient memory requested. ..." of what a failed command writes to standard error:
// the lines that have a code, or the last line.
[[nodiscard]] std::string failure_in(std::string_view errors);

class NitroCli {
  public:
    // The name of a program in PATH.
    explicit NitroCli(std::string program = "nitro-cli") : program_(std::move(program)) {}

    // The program's path, found in PATH; nothing if PATH does not have it.
    [[nodiscard]] std::optional<std::string> path() const;

    // Each waits for the program. The errors name the command, and have its error's text.
    [[nodiscard]] Result<std::string> version() const;
    [[nodiscard]] Result<std::vector<RunningEnclave>> describe() const;
    // Returns when the enclave has booted, without its measurements.
    [[nodiscard]] Result<RunningEnclave> run(const RunRequest& request) const;
    [[nodiscard]] Result<void> terminate(const std::string& id) const;

    // The command that copies a debug enclave's console to standard output.
    [[nodiscard]] std::vector<std::string> console(const std::string& id) const {
        return {program_, "console", "--enclave-id", id};
    }

  private:
    [[nodiscard]] Result<std::string> output_of(std::vector<std::string> arguments) const;

    std::string program_;
};

}  // namespace glovebox::nitro
