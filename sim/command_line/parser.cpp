// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "sim/command_line/check.h"

namespace glovebox::command_line {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view separator = "--";
constexpr std::string_view help_command = "help";
constexpr int words_max = 1 << 16;

bool looks_like_option(std::string_view word) {
    return word.size() > 1 && word.starts_with('-');
}

bool is_signed_value(const Command& command, std::string_view word) {
    return word.size() > 1 && word[1] >= '0' && word[1] <= '9' &&
           std::any_of(command.positionals.begin(), command.positionals.end(),
                       [](const Option& one) { return one.is_signed; });
}

const Option* find_option(const Path& path, std::string_view word) {
    for (const Option* option : options_of(path))
        if (word == option->name ||
            (option->letter != 0 && word == std::string{'-', option->letter}))
            return option;
    return nullptr;
}

// A command as CLI11 knows it: only its options. CLI11 passes unknown words on and converts
// nothing.
struct Node {
    Path path;
    CLI::App* app = nullptr;
    CLI::Option* help = nullptr;
    std::vector<std::pair<const Option*, CLI::Option*>> options{};
    std::vector<Node> children{};
};

std::string cli11_name(std::string_view name, char letter) {
    return letter == 0 ? std::string(name) : std::string{'-', letter, ','} + std::string(name);
}

void add_options(Node& node) {
    node.app->set_help_flag();
    node.app->allow_extras();
    node.help = node.app->add_flag("-h,--help");
    for (const Option* option : options_of(node.path)) {
        const std::string name = cli11_name(option->name, option->letter);
        CLI::Option* added = nullptr;
        if (option->is_flag())
            added = node.app->add_flag(name)->disable_flag_override();
        else
            added = node.app->add_option(name)
                        ->expected(1, option->takes_many ? words_max : 1)
                        ->allow_extra_args(option->takes_many)
                        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        node.options.emplace_back(option, added);
    }
}

// Of the subcommands, those that some word can mean.
Node make_node(CLI::App* app, Path path, const Words& words) {
    Node node{std::move(path), app};
    add_options(node);
    for (const Command& command : node.path.back()->subcommands) {
        if (std::find(words.begin(), words.end(), command.name) == words.end())
            continue;
        app->require_subcommand(0, 1);
        Path below = node.path;
        below.push_back(&command);
        node.children.push_back(
            make_node(app->add_subcommand(std::string(command.name)), std::move(below), words));
    }
    return node;
}

class Reader {
  public:
    Reader(const Program& program, const Words& words, const Environment& environment)
        : program_(program), environment_(environment) {
        const auto end = std::find(words.begin(), words.end(), separator);
        before_.assign(words.begin(), end);
        has_separator_ = end != words.end();
        if (has_separator_)
            behind_.assign(std::next(end), words.end());
    }

    Parsed read() {
        const Path root{&program_.root};
        // vsock-proxy takes the word for its first argument, as AWS's does.
        if (!before_.empty() && before_.front() == help_command &&
            program_.root.positionals.empty())
            return read_help();
        if (auto mistake = prepare())
            return *mistake;
        CLI::App app;
        Node node = make_node(&app, root, before_);
        CLI::Option* version = app.add_flag(cli11_name("--version", program_.version_letter));
        try {
            app.parse(Words(before_.rbegin(), before_.rend()));
        } catch (const CLI::ArgumentMismatch&) {
            follow(node);
            return explain_mismatch();
        }
        follow(node);
        if (std::any_of(chosen_.begin(), chosen_.end(),
                        [](const Node* one) { return one->help->count() > 0; }))
            return HelpWanted{path()};
        if (version->count() > 0)
            return VersionWanted{};
        return take();
    }

  private:
    [[nodiscard]] const Path& path() const { return chosen_.back()->path; }
    [[nodiscard]] const Command& command() const { return *path().back(); }

    [[nodiscard]] Mistake mistake(Mistake::Kind kind, std::string word = {},
                                  std::vector<const Option*> options = {}) const {
        return {kind, path(), std::move(word), {}, std::move(options)};
    }

    void follow(const Node& root) {
        chosen_ = {&root};
        for (bool has_more = true; has_more;) {
            has_more = false;
            for (const Node& child : chosen_.back()->children)
                if (child.app->parsed()) {
                    chosen_.push_back(&child);
                    has_more = true;
                    break;
                }
        }
    }

    [[nodiscard]] Parsed read_help() const {
        Path about{&program_.root};
        for (std::size_t i = 1; i < before_.size(); ++i) {
            const Command* next = about.back()->find(before_[i]);
            if (next == nullptr)
                return Mistake{about.back()->subcommands.empty() ? Mistake::Kind::unexpected_word
                                                                 : Mistake::Kind::unknown_command,
                               about, before_[i]};
            about.push_back(next);
        }
        return HelpWanted{about};
    }

    // Words that CLI11 would read in another way: to CLI11, "--x=" has no value and takes the next
    // word; and clap accepts a word that begins with '-' as a value only after '='.
    [[nodiscard]] std::optional<Mistake> prepare() {
        Words prepared;
        Path at{&program_.root};
        for (std::size_t i = 0; i < before_.size(); ++i) {
            const std::string& word = before_[i];
            if (const Command* next = at.back()->find(word))
                at.push_back(next);
            const bool has_no_value = word.ends_with('=');
            const Option* option =
                find_option(at, has_no_value ? word.substr(0, word.size() - 1) : word);
            if (option != nullptr && option->is_flag() && has_no_value)
                return Mistake{Mistake::Kind::unexpected_value, at, {}, {}, {option}};
            if (option == nullptr || option->is_flag()) {
                prepared.push_back(word);
                continue;
            }
            prepared.emplace_back(option->name);
            if (has_no_value) {
                prepared.emplace_back();
            } else if (i + 1 < before_.size()) {
                prepared.push_back(before_[++i]);
                if (program_.dialect == Dialect::clap && looks_like_option(before_[i]))
                    return Mistake{Mistake::Kind::hyphen_value, at, before_[i], {}, {option}};
            }
        }
        before_ = std::move(prepared);
        return std::nullopt;
    }

    // CLI11 names the option only in its message. It is a flag with a value, or the last word,
    // whose value is missing.
    [[nodiscard]] Mistake explain_mismatch() const {
        for (const std::string& word : before_) {
            const std::size_t equals = word.find('=');
            if (equals == std::string::npos)
                continue;
            const Option* option = find_option(path(), word.substr(0, equals));
            if (option != nullptr && option->is_flag())
                return mistake(Mistake::Kind::unexpected_value, word.substr(equals + 1), {option});
        }
        std::string last = before_.back();
        if (looks_like_option(last) && !last.starts_with(separator))
            last = {'-', last.back()};  // the last of some letters
        const Option* option = find_option(path(), last);
        return option == nullptr ? mistake(Mistake::Kind::unknown_option, before_.back())
                                 : mistake(Mistake::Kind::missing_value, {}, {option});
    }

    Parsed take() {
        Values values(path());
        if (auto wrong = take_options(values))
            return *wrong;
        if (auto wrong = take_words(values))
            return *wrong;
        take_variables(values);
        if (auto wrong = find_wrong_value(values))
            return *wrong;
        if (auto wrong = find_wrong_combination(values))
            return *wrong;
        return values;
    }

    std::optional<Mistake> take_options(Values& values) {
        for (const Node* node : chosen_)
            for (const auto& [option, parsed] : node->options) {
                if (parsed->count() == 0)
                    continue;
                const auto known = options_of(path());
                const bool holds = std::any_of(
                    known.begin(), known.end(),
                    [name = option->name](const Option* one) { return one->name == name; });
                if (!holds)
                    return mistake(Mistake::Kind::of_another_command, std::string(option->name));
                for (const std::string& text : parsed->results())
                    values.add(option->name, text, true);
            }
        return std::nullopt;
    }

    std::optional<Mistake> take_words(Values& values) {
        Words words;
        for (const Node* node : chosen_)
            for (const std::string& word : node->app->remaining()) {
                if (!looks_like_option(word) || is_signed_value(*node->path.back(), word)) {
                    // What follows would be the options of the command that was meant.
                    if (node->path.back()->run == nullptr)
                        return Mistake{Mistake::Kind::unknown_command, node->path, word};
                    words.push_back(word);
                    continue;
                }
                Mistake unknown{Mistake::Kind::unknown_option, node->path, word};
                unknown.detail = line_with_separator(words);
                return unknown;
            }
        if (command().run == nullptr ||
            (!words.empty() && command().positionals.empty() && !command().subcommands.empty())) {
            words.insert(words.end(), behind_.begin(), behind_.end());
            return words.empty() ? mistake(Mistake::Kind::missing_command)
                                 : mistake(Mistake::Kind::unknown_command, words.front());
        }
        if (program_positional() == nullptr)
            words.insert(words.end(), behind_.begin(), behind_.end());
        std::size_t taken = 0;
        for (const Option& positional : command().positionals)
            while (taken < words.size()) {
                values.add(positional.name, words[taken++], true);
                if (positional.repeat == Repeat::no)
                    break;
            }
        if (taken < words.size())
            return mistake(Mistake::Kind::unexpected_word, words[taken]);
        if (program_positional() != nullptr)
            for (const std::string& word : behind_)
                values.add(program_positional()->name, word, true);
        return std::nullopt;
    }

    // How often its name stands before "--". CLI11 counts the values alone.
    [[nodiscard]] std::size_t occurrences_of(const Option& option) const {
        const std::string with_value = std::string(option.name) + "=";
        return static_cast<std::size_t>(
            std::count_if(before_.begin(), before_.end(), [&](const std::string& word) {
                return word == option.name || word.starts_with(with_value);
            }));
    }

    // Without "--", an option behind the program's name may be the program's own, which is not read
    // here: "glovebox exec 16 -- ls", for the words before the option. Else nothing.
    [[nodiscard]] std::string line_with_separator(const Words& words) const {
        if (program_positional() == nullptr || has_separator_)
            return {};
        std::string line = name_of(path());
        auto word = words.begin();
        for (const Option& positional : command().positionals) {
            if (word == words.end())
                return {};
            if (&positional == program_positional())
                return fmt::format("{} -- {}", line, *word);
            line += " " + *word++;
        }
        return {};
    }

    // The words after "--" belong to it.
    [[nodiscard]] const Option* program_positional() const {
        for (const Option& positional : command().positionals)
            if (positional.completion == Completion::program)
                return &positional;
        return nullptr;
    }

    void take_variables(Values& values) const {
        for (const Option* option : options_of(path())) {
            if (option->variable.empty() || values.has(option->name))
                continue;
            const auto value = environment_(std::string(option->variable));
            if (value && !value->empty())
                values.add(option->name, *value, false);
        }
    }

    [[nodiscard]] std::optional<Mistake> find_wrong_value(const Values& values) const {
        std::vector<const Option*> options = options_of(path());
        for (const Option& positional : command().positionals)
            options.push_back(&positional);
        for (const Option* option : options) {
            const auto& texts = values.texts(option->name);
            const bool may_repeat = option->repeat != Repeat::no ||
                                    (option->is_flag() && program_.dialect == Dialect::glovebox);
            if (!may_repeat && (option->takes_many ? occurrences_of(*option) : texts.size()) > 1)
                return mistake(Mistake::Kind::repeated, {}, {option});
            if (option->is_flag())
                continue;
            std::map<std::string, std::string> entries;
            for (const std::string& text : texts) {
                if (std::string problem = problem_of(*option, text); !problem.empty()) {
                    Mistake wrong = mistake(Mistake::Kind::bad_value, text, {option});
                    wrong.detail = std::move(problem);
                    wrong.is_variable = !values.is_argument(option->name);
                    return wrong;
                }
                if (option->repeat != Repeat::map)
                    continue;
                const auto [entry, is_new] = entries.emplace(key_of(*option, text), text);
                if (!is_new && entry->second != text) {
                    Mistake wrong = mistake(Mistake::Kind::contradiction, entry->second, {option});
                    wrong.detail = text;
                    return wrong;
                }
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<Mistake> find_wrong_combination(const Values& values) const {
        for (const Option* option : options_of(path())) {
            if (!values.is_argument(option->name))
                continue;
            for (const std::string_view other : option->excludes)
                if (values.is_argument(other))
                    return mistake(Mistake::Kind::excluded, {}, {option, find(other)});
            for (const std::string_view other : option->needs)
                if (!values.has(other))
                    return mistake(Mistake::Kind::needed, {}, {option, find(other)});
        }
        for (const Option* option : options_of(path()))
            if (option->is_required && !values.has(option->name))
                return mistake(Mistake::Kind::missing_option, {}, {option});
        for (const Option& positional : command().positionals)
            if (positional.is_required && !values.has(positional.name))
                return mistake(Mistake::Kind::missing_option, {}, {&positional});
        for (const Requirement& requirement : command().requirements) {
            const auto& any_of = requirement.any_of;
            if (std::any_of(any_of.begin(), any_of.end(),
                            [&](std::string_view name) { return values.has(name); }))
                continue;
            std::vector<const Option*> missing;
            for (const std::string_view name : any_of)
                missing.push_back(find(name));
            return mistake(Mistake::Kind::missing_option, {}, std::move(missing));
        }
        return std::nullopt;
    }

    [[nodiscard]] const Option* find(std::string_view name) const {
        for (const Option& positional : command().positionals)
            if (positional.name == name)
                return &positional;
        return find_option(path(), name);
    }

    const Program& program_;
    const Environment& environment_;
    Words before_;  // the words before "--" and those behind it
    Words behind_;
    bool has_separator_ = false;
    std::vector<const Node*> chosen_;
};

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Parsed parse(const Program& program, const Words& words, const Environment& environment) {
    return Reader(program, words, environment).read();
}

}  // namespace glovebox::command_line
