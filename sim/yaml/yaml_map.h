// SPDX-License-Identifier: Apache-2.0

// A YAML file as nested maps that are read member by member. All mistakes are found before any
// value is used.
//
//   yaml::Document file = yaml::Document::parse(text, "world.yaml").value();
//   yaml::Map top = file.top();
//   const std::string region = top.text("region").value_or("us-east-1");
//   top.refuse_unknown();
//   if (auto error = file.error())
//       ...  // "world.yaml:3:9: port: a number from 1 to 65535 was expected"
//
// A member that is missing, has another type, or was never asked for is noted with its line and
// column, and reading goes on with an empty value. So call error() before using any value. A
// document may have a function that every scalar value passes through when it is read, for instance
// to replace variables.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/yaml/yaml_reader.h"

namespace glovebox::yaml {

// One map of a document, which it keeps alive. The readers below return an empty value for a member
// that is absent, and note a member of another type.
class Map {
  public:
    // These two do not count as asking for the member (refuse_unknown).
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] bool is_list(std::string_view name) const;

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    // Notes an absent member, too.
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                                      std::int64_t most);
    [[nodiscard]] std::optional<bool> flag(std::string_view name);
    // A list of scalars; a single scalar is a list of one.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    // A null value is an empty map.
    [[nodiscard]] std::optional<Map> map(std::string_view name);
    // A list of maps.
    [[nodiscard]] std::vector<Map> maps(std::string_view name);
    // A map of maps: pairs of name and map, in the file's order. A null value is an empty map.
    [[nodiscard]] std::vector<std::pair<std::string, Map>> named_maps(std::string_view name);
    // A map of scalars, in the file's order.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_texts(
        std::string_view name);
    // A scalar's text unchanged; a map or list as JSON, in which unquoted true, false, null and
    // integers keep their types.
    [[nodiscard]] std::optional<std::string> json(std::string_view name);

    // Notes a mistake at the value of `name`, or at this map if it has no such member.
    void mistake(std::string_view name, std::string_view sentence);
    // Notes that `names` are missing, one of which is needed: at the first of them, and not if
    // is_doubtful() holds for one. Before refuse_unknown() the note waits for it.
    void missing(std::vector<std::string_view> names, std::string_view sentence);
    // Whether a mistake about this member is noted already, so that its absence is no second one:
    // its value cannot be read, or its name is misspelt. Misspelt names are known after
    // refuse_unknown().
    [[nodiscard]] bool is_doubtful(std::string_view name) const;
    // Notes every member that was not asked for. Call it when all have been read.
    void refuse_unknown();

  private:
    friend class Document;
    struct State;
    explicit Map(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

// Returns the meaning of a scalar value, or the reason why it has none.
using Expand = std::function<Result<std::string>(const std::string& scalar)>;

class Document {
  public:
    // Parses one YAML document whose top is a map. `name` is the file's name, for messages. The
    // error is one of syntax, of a name that occurs twice in a map, or of an exceeded budget.
    // `expand` is applied neither to names of members nor by json().
    [[nodiscard]] static Result<Document> parse(std::string_view text, std::string name,
                                                const YamlBudget& budget = {}, Expand expand = {});

    [[nodiscard]] Map top() const;
    // All of it as JSON, as Map::json() writes a member.
    [[nodiscard]] std::string json() const;
    // The mistakes so far, a line each, in the order in which they were found: the first 20, and
    // the number of further ones. Empty if there are none.
    [[nodiscard]] std::optional<Error> error() const;

  private:
    friend class Map;
    struct State;
    explicit Document(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::yaml
