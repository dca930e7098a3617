// SPDX-License-Identifier: Apache-2.0

// One of several equal jobs that run a test suite together. Shards are counted from 0, as
// Kubernetes, GitHub, Bazel and GoogleTest count them: the last of three is 2/3.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "sim/up/variables.h"

namespace glovebox::up {

struct Shard {
    std::size_t index = 0;  // less than `total`
    std::size_t total = 1;  // from 1 to shards_max

    friend bool operator==(const Shard& one, const Shard& other) {
        return one.index == other.index && one.total == other.total;
    }
};

// Kubernetes allows an indexed Job as many completions at once.
inline constexpr std::size_t shards_max = 100'000;

inline constexpr const char* shard_index_variable = "GLOVEBOX_SHARD_INDEX";
inline constexpr const char* shard_total_variable = "GLOVEBOX_SHARD_TOTAL";
inline constexpr const char* run_id_variable = "GLOVEBOX_RUN_ID";

// "0/3". The error says how a shard is written, or which ones there are.
[[nodiscard]] Result<Shard> parse_shard(std::string_view text);
[[nodiscard]] std::string to_text(const Shard& shard);

// Its test cases in a JUnit report: "shard-0-of-3". Without a slash, since readers of reports make
// paths of names.
[[nodiscard]] std::string junit_scope(const Shard& shard);

// The shard of a CI's job, by the first of these that is set:
//
//   GLOVEBOX_SHARD_INDEX  from 0, with GLOVEBOX_SHARD_TOTAL
//   JOB_COMPLETION_INDEX  from 0, of an indexed Job of Kubernetes, with GLOVEBOX_SHARD_TOTAL, since
//                         Kubernetes tells a pod no total
//   CI_NODE_INDEX         from 1, of a job of GitLab with `parallel`, with CI_NODE_TOTAL
//
// A job of GitLab without `parallel` has CI_NODE_TOTAL=1 alone, and is 0/1. The error names the
// variable, or says that none of them is set.
[[nodiscard]] Result<Shard> shard_of_environment(const Lookup& lookup);

// What all shards of one run share and no other run has, by the first of these that is set; empty
// if none is:
//
//   GLOVEBOX_RUN_ID  the user's, such as the uid of a Job of Kubernetes
//   GITHUB_RUN_ID    of GitHub Actions: jobs that are run again keep it
//   CI_PIPELINE_ID   of GitLab: jobs that are retried keep it
[[nodiscard]] std::string run_id_of_environment(const Lookup& lookup);

// Both variables for the command.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> variables_of(const Shard& shard);

}  // namespace glovebox::up
