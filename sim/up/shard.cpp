// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shard.h"

#include <fmt/core.h>

#include <charconv>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr const char* kubernetes_index = "JOB_COMPLETION_INDEX";
constexpr const char* gitlab_index = "CI_NODE_INDEX";
constexpr const char* gitlab_total = "CI_NODE_TOTAL";

std::optional<std::size_t> parse_number(std::string_view text) {
    std::size_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && last == end && !text.empty() ? std::optional(number)
                                                                  : std::nullopt;
}

Result<Shard> checked(std::size_t index, std::size_t total) {
    if (total == 0 || total > shards_max)
        return invalid_input(
            fmt::format("{} shards: the number of shards is from 1 to {}", total, shards_max));
    if (index >= total)
        return invalid_input(fmt::format(
            "shard {0}/{1} does not exist: shards are counted from 0, so the last one of {1} is "
            "{2}/{1}",
            index, total, total - 1));
    return Shard{index, total};
}

Result<std::size_t> number_of(const Lookup& lookup, const char* name, std::string_view advice) {
    const auto value = lookup(name);
    if (!value || value->empty())
        return invalid_input(fmt::format("{} is not set: {}", name, advice));
    if (const auto number = parse_number(*value))
        return *number;
    return invalid_input(
        fmt::format("{} is {}, which is not a number: {}", name, in_quotes(shown(*value)), advice));
}

bool is_set(const Lookup& lookup, const char* name) {
    const auto value = lookup(name);
    return value && !value->empty();
}

// `first` is the number of the first shard.
Result<Shard> shard_by(const Lookup& lookup, const char* index_name, std::size_t first,
                       const char* total_name, std::string_view advice) {
    const auto index = number_of(lookup, index_name, advice);
    if (!index)
        return index.error();
    const auto total = number_of(lookup, total_name, advice);
    if (!total)
        return total.error();
    if (*index < first)
        return invalid_input(
            fmt::format("{} is {}, and is counted from {}", index_name, *index, first));
    auto shard = checked(*index - first, *total);
    if (!shard)
        return Error(shard.error())
            .in(fmt::format("{}={} and {}={}", index_name, *index, total_name, *total));
    return shard;
}

}  // namespace

Result<Shard> parse_shard(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto index = parse_number(text.substr(0, slash));
    const auto total =
        slash == std::string_view::npos ? std::nullopt : parse_number(text.substr(slash + 1));
    if (!index || !total)
        return invalid_input(fmt::format(
            "{} is not a shard: a shard is INDEX/TOTAL, counted from 0, such as 0/3, 1/3 and 2/3",
            in_quotes(shown(text))));
    return checked(*index, *total);
}

std::string to_text(const Shard& shard) {
    return fmt::format("{}/{}", shard.index, shard.total);
}

std::string junit_scope(const Shard& shard) {
    return fmt::format("shard-{}-of-{}", shard.index, shard.total);
}

Result<Shard> shard_of_environment(const Lookup& lookup) {
    if (is_set(lookup, shard_index_variable))
        return shard_by(lookup, shard_index_variable, 0, shard_total_variable,
                        "set GLOVEBOX_SHARD_INDEX, from 0, and GLOVEBOX_SHARD_TOTAL");
    if (is_set(lookup, kubernetes_index))
        return shard_by(lookup, kubernetes_index, 0, shard_total_variable,
                        "set GLOVEBOX_SHARD_TOTAL to the Job's `completions`, since Kubernetes "
                        "tells a pod its index alone");
    if (is_set(lookup, gitlab_index))
        return shard_by(lookup, gitlab_index, 1, gitlab_total,
                        "GitLab sets CI_NODE_INDEX and CI_NODE_TOTAL in a job with `parallel`");
    if (lookup(gitlab_total) == "1")
        return Shard{0, 1};
    return invalid_input(
        "the environment names no shard: GLOVEBOX_SHARD_INDEX, JOB_COMPLETION_INDEX and "
        "CI_NODE_INDEX are not set. Write the shard, --shard 0/3, or set GLOVEBOX_SHARD_INDEX "
        "and GLOVEBOX_SHARD_TOTAL");
}

std::string run_id_of_environment(const Lookup& lookup) {
    for (const char* name : {run_id_variable, "GITHUB_RUN_ID", "CI_PIPELINE_ID"})
        if (is_set(lookup, name))
            return *lookup(name);
    return {};
}

std::vector<std::pair<std::string, std::string>> variables_of(const Shard& shard) {
    return {{shard_index_variable, std::to_string(shard.index)},
            {shard_total_variable, std::to_string(shard.total)}};
}

}  // namespace glovebox::up
