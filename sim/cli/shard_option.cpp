// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/shard_option.h"

namespace glovebox::cli {
namespace {

constexpr const char* by_environment = "auto";

std::string check_shard(const std::string& text) {
    return text == by_environment ? std::string() : problem_by<up::parse_shard>(text);
}

std::string check_run_id(const std::string& text) {
    return text.empty() ? "an id of the run was expected" : std::string();
}

}  // namespace

Option shard_option() {
    return {.name = "--shard",
            .placeholder = "INDEX/TOTAL",
            .check = check_shard,
            .summary =
                "Tell the command which part of a test suite it runs, counted from 0 (0/3, 1/3, "
                "2/3), by GLOVEBOX_SHARD_INDEX and GLOVEBOX_SHARD_TOTAL; or \"auto\", which takes "
                "the shard from these variables, or from a job of Kubernetes or GitLab"};
}

std::optional<up::Shard> shard_of(const Values& values) {
    const auto given = values.find_text("--shard");
    if (!given)
        return std::nullopt;
    if (*given != by_environment)
        return up::parse_shard(*given).value();
    auto found = up::shard_of_environment(up::look_in_environment);
    if (!found)
        throw ErrorException(Error(found.error()).in("--shard auto"));
    return *found;
}

Option run_id_option() {
    return {.name = "--run-id",
            .placeholder = "ID",
            .check = check_run_id,
            .summary =
                "The id in the record that all shards of a run share, so that `glovebox "
                "merge` refuses a mix of two runs",
            .default_note = "with --shard GLOVEBOX_RUN_ID, GITHUB_RUN_ID or CI_PIPELINE_ID"};
}

std::string run_id_of(const Values& values) {
    if (const auto given = values.find_text("--run-id"))
        return *given;
    return values.has("--shard") ? up::run_id_of_environment(up::look_in_environment)
                                 : std::string();
}

up::Lookup variables_in(const std::optional<up::Shard>& shard) {
    return [shard](const std::string& name) {
        if (shard)
            for (const auto& [own, value] : up::variables_of(*shard))
                if (own == name)
                    return std::optional(value);
        return up::look_in_environment(name);
    };
}

}  // namespace glovebox::cli
