// SPDX-License-Identifier: Apache-2.0

// The table of docs/sandbox_probes.md, read: what the world probe must print in each kind of
// sandbox.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace glovebox::integration {

// Who started the sandbox; some answers depend on it.
struct Starter {
    bool is_root = false;
    bool one_id = false;
    // The machine's /etc has mounts below it.
    bool etc_has_mounts = false;
};

struct ProbeRow {
    std::string on_nitro;
    std::string image;
    std::string command;
};

// By the probe's name.
[[nodiscard]] std::map<std::string, ProbeRow> read_probe_table(const std::string& path);

// Whether a cell ("ok; EINVAL with one id", "0 or 1", "*") holds for what was printed.
[[nodiscard]] bool cell_matches(std::string_view cell, const std::string& printed,
                                const Starter& starter);

}  // namespace glovebox::integration
