// SPDX-License-Identifier: Apache-2.0

#include "core/yaml/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/printable.h"

namespace glovebox {
namespace {

using Kind = YamlRefusal::Kind;

// Thrown through yaml-cpp's parser, which has no other way to be stopped.
struct Stop {
    YamlRefusal refusal;
};

// What a node comes to with all that is in it.
struct Size {
    std::size_t nodes = 1;
    std::size_t bytes = 0;  // of texts
    std::size_t depth = 0;
};

// Walks over a text before anything is built of it, and stops where the budget ends.
class Surveyor final : public YAML::EventHandler {
  public:
    explicit Surveyor(const YamlBudget& budget) : budget_(budget) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1)
            throw Stop{{Kind::structure, mark, "one document was expected, here begins a second"}};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        place(mark);
        add(mark, anchor, {});
    }
    void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  const std::string& text) override {
        place(mark, &text);
        if (anchor != YAML::NullAnchor)
            anchored_texts_[anchor] = text;
        add(mark, anchor, {.bytes = text.size()});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchored_.find(anchor);
        if (found == anchored_.end())
            throw Stop{{Kind::structure, mark, "an alias stands within what it is an alias of"}};
        const auto text = anchored_texts_.find(anchor);
        place(mark, text == anchored_texts_.end() ? nullptr : &text->second);
        add(mark, YAML::NullAnchor, found->second);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, anchor, false);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, anchor, true);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YAML::Mark mark;
        YAML::anchor_t anchor;
        Size size;
        bool is_map = false;
        bool at_value = false;               // the next node is the value of a name
        std::map<std::string, int> lines{};  // of the names, from 1
    };

    // Every node passes here first; `text` is that of a scalar, which may be a name.
    void place(const YAML::Mark& mark, const std::string* text = nullptr) {
        if (open_.empty() || !open_.back().is_map)
            return;
        Open& map = open_.back();
        const bool is_name = !std::exchange(map.at_value, !map.at_value);
        if (!is_name || text == nullptr)
            return;
        const auto [first, is_new] = map.lines.emplace(*text, mark.line + 1);
        if (!is_new)
            throw Stop{{Kind::structure, mark,
                        fmt::format("{} is there twice in one map, first in line {}: remove one of "
                                    "the two",
                                    shown(*text), first->second)}};
    }
    void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map) {
        place(mark);
        open_.push_back({.mark = mark, .anchor = anchor, .size = {.depth = 1}, .is_map = is_map});
        spend(mark, {});
    }
    void close() {
        const Open closed = open_.back();
        open_.pop_back();
        keep(closed.anchor, closed.size);
    }
    void add(const YAML::Mark& mark, YAML::anchor_t anchor, Size size) {
        spend(mark, size);
        keep(anchor, size);
    }
    // A node that is whole becomes part of the one that it is in.
    void keep(YAML::anchor_t anchor, Size size) {
        if (anchor != YAML::NullAnchor)
            anchored_[anchor] = size;
        if (open_.empty())
            return;
        Size& outer = open_.back().size;
        outer.nodes += size.nodes;
        outer.bytes += size.bytes;
        outer.depth = std::max(outer.depth, size.depth + 1);
    }
    // What is anchored is within the budget, so that no sum overflows.
    void spend(const YAML::Mark& mark, Size more) {
        const auto stop = [&](std::string sentence) {
            throw Stop{{Kind::budget, mark, std::move(sentence)}};
        };
        if (open_.size() + more.depth > budget_.depth)
            stop(fmt::format("the YAML nests more than {} levels deep, the limit here",
                             budget_.depth));
        spent_.nodes += more.nodes;
        spent_.bytes += more.bytes;
        if (spent_.nodes > budget_.nodes)
            stop(fmt::format(
                "the YAML has more than {} nodes with its aliases expanded, the limit here",
                budget_.nodes));
        if (spent_.bytes > budget_.bytes)
            stop(fmt::format(
                "the YAML has more than {} bytes with its aliases expanded, the limit here",
                budget_.bytes));
    }

    const YamlBudget& budget_;
    std::size_t documents_ = 0;
    Size spent_{.nodes = 0};
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Size> anchored_;
    std::unordered_map<YAML::anchor_t, std::string> anchored_texts_;
};

// The column of a tab in the indentation of this line; none where there is no such tab. yaml-cpp
// names the token that it then misses, which nobody sees on a screen.
std::optional<std::size_t> indenting_tab(std::string_view text, int line) {
    for (; line > 0; --line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return std::nullopt;
        text.remove_prefix(end + 1);
    }
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos || text[first] != '\t')
        return std::nullopt;
    return first;
}

YamlRefusal not_yaml(const YAML::Exception& failure, std::string_view text) {
    if (const auto column = indenting_tab(text, failure.mark.line)) {
        YAML::Mark mark = failure.mark;
        mark.column = static_cast<int>(*column);
        return {YamlRefusal::Kind::syntax, mark,
                "this line is indented with a tab, which YAML does not allow: write spaces"};
    }
    return {YamlRefusal::Kind::syntax, failure.mark,
            fmt::format("this is not YAML: {}", printable(failure.msg))};
}

}  // namespace

YamlReading read_yaml(std::string_view text, const YamlBudget& budget) {
    const auto refuse = [](YamlRefusal refusal) { return YamlReading{{}, std::move(refusal)}; };
    if (text.size() > budget.bytes)
        return refuse({Kind::budget, YAML::Mark::null_mark(),
                       fmt::format("the YAML has {} bytes, and the limit here is {}", text.size(),
                                   budget.bytes)});
    try {
        const std::string copy(text);
        std::istringstream stream(copy);
        YAML::Parser parser(stream);
        Surveyor survey(budget);
        // A token that begins no document, such as a comma, is left where it is for ever: the
        // parser is not asked again after a second document.
        if (parser.HandleNextDocument(survey))
            parser.HandleNextDocument(survey);
        return {YAML::Load(copy), std::nullopt};
    } catch (Stop& stop) {
        return refuse(std::move(stop.refusal));
    } catch (const YAML::Exception& failure) {
        return refuse(not_yaml(failure, text));
    }
}

std::string line_and_column(const YAML::Mark& mark) {
    return mark.is_null() ? std::string() : fmt::format("{}:{}", mark.line + 1, mark.column + 1);
}

}  // namespace glovebox
