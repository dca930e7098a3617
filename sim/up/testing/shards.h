// SPDX-License-Identifier: Apache-2.0

// Records of shards, for tests of what merges them.
#pragma once

#include <fmt/core.h>

#include "sim/up/shard_record.h"

namespace glovebox::up {

inline ShardRecord passed_shard(std::size_t index, std::size_t total) {
    ShardRecord shard;
    shard.file = fmt::format("run-{}.json", index);
    shard.shard = {index, total};
    shard.verdict = "passed";
    shard.status = "0";
    shard.parts = {{"server", "enclave", false}};
    shard.run = "one";
    shard.version = "1.0";
    shard.target = "sim";
    shard.world = "world.yaml";
    shard.region = "us-east-1";
    shard.command = "pytest tests";
    shard.lasted = std::chrono::milliseconds(1500);
    return shard;
}

inline ShardRecord failed_shard(std::size_t index, std::size_t total) {
    ShardRecord shard = passed_shard(index, total);
    shard.verdict = "failed";
    shard.status = "3";
    return shard;
}

}  // namespace glovebox::up
