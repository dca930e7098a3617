// SPDX-License-Identifier: Apache-2.0

// nitro-cli's errors: a code, E00 to E60, and the sentence by which scripts and people recognise
// it.
//
//   [ E26 ] Insufficient memory requested. User provided `memory` is 64 MB, but ...
//
// The number is also the exit status. Codes and leading sentences are those of nitro-cli 1.5.0; the
// text after the leading sentence, and that of `explain`, is Glovebox's.
#pragma once

#include <boost/system/error_category.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

enum class NitroError {
    missing_argument = 1,
    conflicting_arguments = 2,
    invalid_argument = 3,
    process_spawn = 5,
    daemonize = 6,
    read_from_disk = 7,
    socket = 11,
    serde = 17,
    file_operation = 19,
    invalid_cpu_configuration = 20,
    no_such_cpu = 21,
    insufficient_cpus = 22,
    malformed_cpu_id = 23,
    cpu_error = 24,
    insufficient_memory_requested = 26,
    insufficient_memory_available = 27,
    ioctl_failure = 29,
    eif_parsing = 35,
    enclave_boot = 36,
    connection_failure = 39,
    console_connection = 44,
    console_read = 45,
    integer_parsing = 47,
    eif_building = 48,
    docker_build = 49,
    docker_pull = 50,
    logger = 56,
    hasher = 57,
    naming = 58,
    signature_checker = 59,
    signing = 60,
};

[[nodiscard]] const boost::system::error_category& nitro_category();
[[nodiscard]] boost::system::error_code make_error_code(NitroError error);

// An error with the message "<lead> <detail>", or only the lead.
[[nodiscard]] Error nitro_error(NitroError code, std::string_view detail = {});
// E19 with the second line of AWS's message: the file and the failing operation.
[[nodiscard]] Error file_error(std::string_view reason, std::string_view path,
                               std::string_view operation);

// The leading sentence of a code: "Insufficient memory requested."; empty for a number that is not
// a code.
[[nodiscard]] std::string_view lead_of(int number);

// The output of `explain --error-code CODE`. "No such error code X" for a code that AWS's command
// does not explain either, E57 to E59 included.
[[nodiscard]] std::string explanation_of(std::string_view code);

// The exit status for an error: the number of its code, or 1 for an error of another kind.
[[nodiscard]] int exit_status_of(const Error& error);

// The text for standard error: "[ E26 ] ...", a blank line, a link to more, and the path of the
// report if it is not empty. An error of another kind has no code.
[[nodiscard]] std::string text_of(const Error& error, std::string_view report_path);

}  // namespace glovebox::nitro_cli

template <>
struct boost::system::is_error_code_enum<glovebox::nitro_cli::NitroError> : std::true_type {};
