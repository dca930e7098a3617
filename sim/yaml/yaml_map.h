// SPDX-License-Identifier: Apache-2.0

// A YAML file as nested maps that are read member by member, and whose every mistake is found
// before anything of it is used.
//
//   yaml::Document file = yaml::Document::parse(text, "world.yaml").value();
//   yaml::Map top = file.top();
//   const std::string region = top.text("region").value_or("us-east-1");
//   top.refuse_unknown();
//   if (auto error = file.error())
//       ...  // "world.yaml:3:9: port: a number from 1 to 65535 was expected"
//
// A member of another type, one that is missing and one that nobody asked for is noted with its
// line and column, and reading goes on; until error() has been asked, what was read may be a
// stand-in. A document may be given a function that every scalar value goes through when it is
// read, such as one that replaces variables.
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

class Map {
  public:
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] bool is_list(std::string_view name) const;

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                                      std::int64_t most);
    [[nodiscard]] std::optional<bool> flag(std::string_view name);
    // A list of scalars; a scalar stands for a list of one.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    [[nodiscard]] std::optional<Map> map(std::string_view name);
    // A list of maps.
    [[nodiscard]] std::vector<Map> maps(std::string_view name);
    // A map of maps, in the file's order: each with its name. A null value is an empty map.
    [[nodiscard]] std::vector<std::pair<std::string, Map>> named_maps(std::string_view name);
    // Of a map of scalars.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_texts(
        std::string_view name);
    // A text as it stands, or what is written as YAML in its place, as JSON: true, false, null and
    // plain numbers keep their types.
    [[nodiscard]] std::optional<std::string> json(std::string_view name);

    // Notes a mistake in the value of `name`, or in this map where there is none.
    void mistake(std::string_view name, std::string_view sentence);
    // Notes every member that nobody has asked for. To be called last.
    void refuse_unknown();

  private:
    friend class Document;
    struct State;
    explicit Map(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

// What a scalar value stands for, or why it stands for nothing.
using Expand = std::function<Result<std::string>(const std::string& scalar)>;

class Document {
  public:
    // One YAML document whose top is a map. `name` is the file's, for the messages. Names of
    // members are read as they stand, and so is what json() gives.
    [[nodiscard]] static Result<Document> parse(std::string_view text, std::string name,
                                                const YamlBudget& budget = {}, Expand expand = {});

    [[nodiscard]] Map top() const;
    // The first mistakes so far, a line each, in the order in which they were found.
    [[nodiscard]] std::optional<Error> error() const;

  private:
    friend class Map;
    struct State;
    explicit Document(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::yaml
