// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/module_settings.h"

#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::enclave {

Result<std::string> ModuleSettings::pki_directory() const {
    if (!pki.empty())
        return pki;
    return nsm::default_pki_directory();
}

Result<std::optional<nsm::MeasuredProgram>> ModuleSettings::open_program() const {
    if (program.empty())
        return std::optional<nsm::MeasuredProgram>();
    auto opened = nsm::MeasuredProgram::open(program, script, script_folder);
    if (!opened)
        return opened.error();
    return std::optional(std::move(*opened));
}

nsm::MockNsmConfig ModuleSettings::config(const nsm::Measurements& measured,
                                          const nsm::Certificate& root, TimePoint start,
                                          RandomSource& random) const {
    nsm::MockNsmConfig config;
    config.module_id = {instance_id.empty() ? nsm::mock_instance_id(root) : instance_id,
                        nsm::make_enclave_id(start, random)};
    config.region = region;
    config.measurements = measured;
    const auto given = [this](nsm::PcrIndex index) {
        const auto found = pcrs.find(index);
        return found != pcrs.end() && !found->second.empty()
                   ? std::optional(parse_pcr(found->second).value())
                   : std::nullopt;
    };
    config.measurements.pcr0 = given(0).value_or(config.measurements.pcr0);
    config.measurements.pcr1 = given(1).value_or(config.measurements.pcr1);
    config.measurements.pcr2 = given(2).value_or(config.measurements.pcr2);
    config.measurements.pcr8 = given(8);
    if (!role_arn.empty())
        config.role_arn = role_arn;
    config.debug = debug;
    config.payload_form = indefinite ? nsm::PayloadForm::indefinite : nsm::PayloadForm::definite;
    config.field_limits = strict ? nsm::FieldLimits::strict : nsm::FieldLimits::lenient;
    return config;
}

}  // namespace glovebox::enclave
