// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/mock_nsm_option.h"

#include "sim/cli/clock_option.h"
#include "sim/cli/pki_option.h"
#include "sim/enclave/command_program.h"
#include "sim/enclave/script_measure.h"

namespace glovebox::cli {
namespace {

std::string problem_of_instance_id(const std::string& text) {
    return nsm::is_instance_id(text)
               ? std::string()
               : "an instance id is i- and 17 hexadecimal digits, for example "
                 "i-07e25f3bada361dec; found " +
                     text;
}

std::string problem_of_region(const std::string& text) {
    return nsm::is_region(text) ? std::string()
                                : "a region is a name such as us-east-1, of 15 characters at "
                                  "most, since certificates name it; found " +
                                      text;
}

// The others can be changed while a module runs.
bool decides_the_boot(std::string_view name) {
    return name != "--indefinite" && name != "--strict-fields" && name != "--pki" &&
           name != "--clock";
}

}  // namespace

Options module_options() {
    const auto pcr = [](std::string_view name, std::string_view summary) {
        return Option{
            .name = name, .placeholder = "HEX", .check = problem_by<parse_pcr>, .summary = summary};
    };
    Options options{
        {.name = "--program",
         .kind = Kind::file,
         .placeholder = "FILE",
         .summary = "Measure this file, or the program of this name on PATH, into PCR0 to PCR2. An "
                    "image has measurements of its own"},
        {.name = "--script",
         .kind = Kind::file,
         .placeholder = "FILE",
         .needs = {"--program"},
         .summary = "Measure this script and its folder too, as `glovebox run` does for a script; "
                    "or a folder alone, as for python3 -m"},
        pcr("--pcr0", "The value of PCR0, 96 hexadecimal digits"),
        pcr("--pcr1", "The value of PCR1"),
        pcr("--pcr2", "The value of PCR2"),
        pcr("--pcr8", "The value of PCR8"),
        {.name = "--debug",
         .kind = Kind::flag,
         .summary = "Debug mode: PCR0, 1, 2 and 8 are zero, PCR3 and 4 keep their values"},
        {.name = "--role-arn",
         .placeholder = "ARN",
         .summary = "The parent instance's IAM role; PCR3 is computed from it"},
        {.name = "--instance-id",
         .placeholder = "ID",
         .check = problem_of_instance_id,
         .summary = "The parent instance's id; PCR4 is computed from it",
         .default_note = "an id derived from the mock root"},
        {.name = "--region",
         .placeholder = "NAME",
         .check = problem_of_region,
         .summary = "The region that certificates name",
         .default_value = "us-east-1"},
        {.name = "--indefinite",
         .kind = Kind::flag,
         .summary = "Encode documents as maps of indefinite length, as AWS's newest modules do"},
        {.name = "--strict-fields",
         .kind = Kind::flag,
         .summary = "Refuse a public_key that is empty or above 1024 bytes, and a user_data or "
                    "nonce above 512"},
        PkiOption::option(),
        ClockOption::option()};
    for (Option& option : options)
        option.group = "Simulated module";
    return options;
}

enclave::ModuleSettings read_module_settings(const Values& values) {
    enclave::ModuleSettings nsm;
    for (const Option& option : module_options())
        if (values.has(option.name)) {
            nsm.options_given.emplace_back(option.name);
            if (decides_the_boot(option.name))
                nsm.boot_options_given.emplace_back(option.name);
        }
    if (nsm.program = values.text("--program"); !nsm.program.empty())
        if (auto found = enclave::measure_on_host({nsm.program}); !found.program.empty()) {
            nsm.program = std::move(found.program);
            nsm.script = std::move(found.script);
            nsm.script_folder = std::move(found.script_folder);
        }
    if (values.has("--script")) {
        const auto measured = enclave::ScriptMeasure::of(values.text("--script"));
        nsm.script = measured.script;
        nsm.script_folder = measured.folder;
    }
    nsm.pcrs = {{0, values.text("--pcr0")},
                {1, values.text("--pcr1")},
                {2, values.text("--pcr2")},
                {8, values.text("--pcr8")}};
    nsm.instance_id = values.text("--instance-id");
    nsm.region = values.text("--region");
    nsm.role_arn = values.text("--role-arn");
    nsm.debug = values.flag("--debug");
    nsm.indefinite = values.flag("--indefinite");
    nsm.strict = values.flag("--strict-fields");
    nsm.pki = PkiOption::of(values).path;
    nsm.clock_offset = ClockOption::of(values).distance();
    return nsm;
}

}  // namespace glovebox::cli
