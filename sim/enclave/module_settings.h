// SPDX-License-Identifier: Apache-2.0

// The settings of a simulated security module: its instance, its measurements, its mode.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "nsm-mock/module/measured_program.h"
#include "nsm-mock/module/mock_nsm.h"

namespace glovebox::enclave {

struct ModuleSettings {
    // The options that were given, by their names ("--debug"): all of them, and those that only
    // matter when the module boots.
    std::vector<std::string> options_given{};
    std::vector<std::string> boot_options_given{};

    // The directory of the mock root: `pki`, or the user's default.
    [[nodiscard]] Result<std::string> pki_directory() const;
    [[nodiscard]] OffsetClock clock() const { return OffsetClock(clock_offset); }

    // The program to measure, opened; empty without one. The error names the file.
    [[nodiscard]] Result<std::optional<nsm::MeasuredProgram>> open_program() const;

    // The configuration of a module that starts at `start`. Its measurements are `measured`, except
    // for those that the settings state. `root` determines the instance ID if the settings have
    // none. `pcrs` holds valid values.
    [[nodiscard]] nsm::MockNsmConfig config(const nsm::Measurements& measured,
                                            const nsm::Certificate& root, TimePoint start,
                                            RandomSource& random) const;

    std::string program{};
    std::string script{};         // the script that the program interprets, and the folder that
    std::string script_folder{};  // is measured with it; or empty
    std::map<nsm::PcrIndex, std::string> pcrs{};  // 0, 1, 2 and 8, as hexadecimal
    std::string instance_id{};
    std::string region = "us-east-1";
    std::string role_arn{};
    bool debug = false;
    bool indefinite = false;
    bool strict = false;
    std::string pki{};
    std::chrono::milliseconds clock_offset{0};
};

}  // namespace glovebox::enclave
