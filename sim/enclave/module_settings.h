// SPDX-License-Identifier: Apache-2.0

// What a simulated security module is to be: whose instance, which measurements, which mode.
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
    // The options that were given, as their user calls them ("--debug"): all of them, and those
    // that decide what the module is when it boots.
    std::vector<std::string> options_given{};
    std::vector<std::string> boot_options_given{};

    // The directory of the mock root: `pki`, or the user's.
    [[nodiscard]] Result<std::string> pki_directory() const;
    [[nodiscard]] OffsetClock clock() const { return OffsetClock(clock_offset); }

    // What is measured, open; none without a program. Errors name the file.
    [[nodiscard]] Result<std::optional<nsm::MeasuredProgram>> open_program() const;

    // A module that starts at `start`, of a program with these measurements, as far as the settings
    // give no other. `root` gives the instance id if there is none.
    [[nodiscard]] nsm::MockNsmConfig config(const nsm::Measurements& measured,
                                            const nsm::Certificate& root, TimePoint start,
                                            RandomSource& random) const;

    std::string program{};
    std::string script{};         // that the program interprets, and the folder that counts with
    std::string script_folder{};  // it; or empty
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
