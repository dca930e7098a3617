// SPDX-License-Identifier: Apache-2.0

// The one way to read YAML, whoever wrote it: with a budget. An alias costs its writer three bytes
// and its reader all of what it stands for, so that a file of 300 bytes can expand to gigabytes;
// the budget counts it as what it stands for.
#pragma once

#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox {

struct YamlBudget {
    std::size_t bytes = 1024 * 1024;  // of the text, and of all names and values
    std::size_t nodes = 100'000;      // maps, lists, names and values
    std::size_t depth = 64;           // maps and lists within each other
};

struct YamlRefusal {
    enum class Kind { syntax, structure, budget };

    Kind kind;
    YAML::Mark mark;       // where; null where it is the file as a whole
    std::string sentence;  // what was wrong, or which limit was exceeded; one printable line
};

// One of the two: yaml-cpp's node takes any value for its own, and can't stand in a Result.
struct YamlReading {
    YAML::Node top;
    std::optional<YamlRefusal> refusal;
};

// The only document of a text; an empty one is a null node. A name that stands twice in one map is
// refused: readers don't agree on which of its values counts. The caller adds the file's name to a
// refusal.
[[nodiscard]] YamlReading read_yaml(std::string_view text, const YamlBudget& budget = {});

// "3:9", from 1; empty for a null mark.
[[nodiscard]] std::string line_and_column(const YAML::Mark& mark);

}  // namespace glovebox
