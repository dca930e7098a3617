// SPDX-License-Identifier: Apache-2.0

// A key of a world file, described once: the parser, the JSON schema and the table in docs/up.md
// are made of the same description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "sim/up/variables.h"
#include "sim/yaml/yaml_map.h"

namespace glovebox::up {

struct FaultPlan;

using Environment = std::vector<std::pair<std::string, std::string>>;

// What a key's value is in the file.
enum class Form {
    text,       // one text
    choice,     // one of the key's choices
    duration,   // "90s", "1h30m"
    number,     // a whole number from `least` to `most`
    flag,       // true or false
    file,       // a file or folder that is there
    new_file,   // one that need not be
    texts,      // a list of texts, or one
    files,      // a list of files, or one
    words,      // a list of words, or a text that is split as a shell does
    variables,  // a map of a program's variables
    faults,     // true or false, or a list of planned faults
};

// Everything about a key but what it is read into.
struct KeyFacts {
    std::string_view name;
    Form form = Form::text;
    std::string_view summary;         // a sentence without its full stop
    std::string_view default_note{};  // what holds without the key, where that has to be said
    std::int64_t least = 0;           // of a number
    std::int64_t most = 0;
    std::vector<std::string_view> choices{};
    // Says what is wrong with a text, or with one of a list; empty where nothing is.
    std::string (*problem)(const std::string& text) = nullptr;
};

template <class Part>
using Member = std::variant<std::string Part::*, std::vector<std::string> Part::*, bool Part::*,
                            std::uint32_t Part::*, std::optional<std::uint32_t> Part::*,
                            Environment Part::*, FaultPlan Part::*>;

template <class Part>
struct Key {
    KeyFacts facts;
    Member<Part> member;  // of a type that the form fits
};

// Reads values as their keys describe them. Each mistake is noted in the map, and leaves nothing.
class KeyReader {
  public:
    // `folder` is what files are relative to. Both outlive the reader.
    KeyReader(yaml::Map& map, const std::string& folder) : map_(map), folder_(folder) {}

    // Reads all of a part's keys, and notes every unknown key.
    template <class Part>
    void read(Part& part, const std::vector<Key<Part>>& keys) {
        for (const Key<Part>& key : keys)
            std::visit([&](auto member) { read_into(part.*member, key.facts); }, key.member);
        map_.refuse_unknown();
    }

  private:
    void read_into(std::string& value, const KeyFacts& key);
    void read_into(std::vector<std::string>& value, const KeyFacts& key);
    void read_into(bool& value, const KeyFacts& key);
    void read_into(std::uint32_t& value, const KeyFacts& key);
    void read_into(std::optional<std::uint32_t>& value, const KeyFacts& key);
    void read_into(Environment& value, const KeyFacts& key);
    void read_into(FaultPlan& value, const KeyFacts& key);
    // The text as a path where the form says so; notes what is wrong with it.
    [[nodiscard]] std::string judged(std::string text, const KeyFacts& key);

    yaml::Map& map_;
    const std::string& folder_;
};

}  // namespace glovebox::up
