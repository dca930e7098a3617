#include "sim/cli/mock_nsm_option.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

namespace glovebox::cli {

void MockNsmOption::add_to(CLI::App& app) {
    constexpr const char* group = "Simulated module";
    const auto boots = [this](CLI::Option* option) {
        boot_options_.push_back(option->group(group));
        return option;
    };
    boots(app.add_option("--program", program,
                         "PCR0 to PCR2 are made from this file, where there is no image")
              ->type_name("FILE"));
    for (const nsm::PcrIndex index : {0, 1, 2, 8})
        boots(app.add_option(fmt::format("--pcr{}", index), pcrs[index],
                             fmt::format("The value of PCR{}, 96 hexadecimal digits", index))
                  ->type_name("HEX")
                  ->check([](const std::string& text) {
                      const auto pcr = nsm::parse_pcr(text);
                      return pcr ? std::string() : pcr.error().message;
                  }));
    boots(app.add_flag("--debug", debug,
                       "Debug mode: PCR0, 1, 2 and 8 are zero, PCR3 and 4 keep their values"));
    boots(app.add_option("--role-arn", role_arn,
                         "The parent instance's IAM role, which PCR3 is made from")
              ->type_name("ARN"));
    boots(app.add_option("--instance-id", instance_id,
                         "The parent instance, which PCR4 is made from [one of the mock root's]")
              ->type_name("ID")
              ->check([](const std::string& text) {
                  return nsm::is_instance_id(text)
                             ? std::string()
                             : "an instance id is i- and 17 hexadecimal digits, for example "
                               "i-07e25f3bada361dec; found " +
                                   text;
              }));
    boots(app.add_option("--region", region, "The region that certificates name")
              ->type_name("NAME")
              ->capture_default_str()
              ->check([](const std::string& text) {
                  return nsm::is_region(text)
                             ? std::string()
                             : "a region is a name such as us-east-1, of 15 characters at "
                               "most, since certificates name it; found " +
                                   text;
              }));
    other_options_.push_back(
        app.add_flag("--indefinite", indefinite,
                     "Documents with an indefinite-length map, as AWS's newest have")
            ->group(group));
    other_options_.push_back(app.add_flag("--strict-fields", strict,
                                          "Refuse a public_key that is empty or above 1024 bytes, "
                                          "user_data and nonce above 512")
                                 ->group(group));
    other_options_.push_back(pki.add_to(app)->group(group));
    other_options_.push_back(clock.add_to(app)->group(group));
}

namespace {

void append_given(const std::vector<const CLI::Option*>& options, std::vector<std::string>& names) {
    for (const CLI::Option* option : options)
        if (option->count() > 0)
            names.push_back(option->get_name());
}

}  // namespace

std::vector<std::string> MockNsmOption::options_given() const {
    std::vector<std::string> given = boot_options_given();
    append_given(other_options_, given);
    return given;
}

std::vector<std::string> MockNsmOption::boot_options_given() const {
    std::vector<std::string> given;
    append_given(boot_options_, given);
    return given;
}

nsm::MockNsmConfig MockNsmOption::config(const nsm::Measurements& measured,
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
                   ? std::optional(nsm::parse_pcr(found->second).value())
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

}  // namespace glovebox::cli
