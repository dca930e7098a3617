// What a simulated security module is to be: whose instance, which measurements, which mode.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nsm-mock/module/mock_nsm.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/pki_option.h"

namespace glovebox::cli {

struct MockNsmOption {
    [[nodiscard]] static Options options();
    [[nodiscard]] static MockNsmOption of(const Values& values);

    // The options that were given: all of them, and those that decide what the module is when it
    // boots. "--debug", ...
    std::vector<std::string> options_given;
    std::vector<std::string> boot_options_given;

    // A module that starts at `start`, of a program with these measurements, as far as options give
    // no other. `root` gives the instance id where none was asked for.
    [[nodiscard]] nsm::MockNsmConfig config(const nsm::Measurements& measured,
                                            const nsm::Certificate& root, TimePoint start,
                                            RandomSource& random) const;

    std::string program;
    std::map<nsm::PcrIndex, std::string> pcrs;  // 0, 1, 2 and 8, as hexadecimal
    std::string instance_id;
    std::string region = "us-east-1";
    std::string role_arn;
    bool debug = false;
    bool indefinite = false;
    bool strict = false;
    PkiOption pki;
    ClockOption clock;
};

}  // namespace glovebox::cli
