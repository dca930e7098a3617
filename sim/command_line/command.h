// SPDX-License-Identifier: Apache-2.0

// A command as plain values: what it is called, what it takes, what it returns and how it is used.
//
// Everything that knows a command line is made from one such description: the parser (parser.h),
// `--help` (help.h), manual pages, the shells' completion and the tables of options in docs/.
//
// The values refer to texts that outlive them: string literals, as a rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::command_line {

class Values;

enum class Kind {
    flag,       // takes no value
    text,       // any text, or what `check` says
    file,       // a file's name
    directory,  // a directory's name
    number,     // a whole number from `least` to `most`
    duration,   // "90s", "1h30m"; not negative
    choice,     // one of `choices`
};

enum class Repeat {
    no,    // given twice is a mistake
    list,  // each time adds a value
    map,   // each time adds KEY=VALUE; a key with two values is a mistake
};

// A map's key in the one form that two spellings of it share; nothing of what is not an entry.
using KeyOf = std::string (*)(const std::string& entry);

// What a shell offers for a value, beside what the kind says.
enum class Completion { by_kind, world, running_enclave, any_enclave, program };

// Says what is wrong with a value, or nothing. The sentence quotes the value.
using Check = std::string (*)(const std::string& text);

// An option ("--output"), or a positional argument, whose name is how help shows it ("FILE").
struct Option {
    std::string_view name;
    char letter = 0;  // 'o' for "-o"
    Kind kind = Kind::text;
    std::string_view placeholder{};  // how help shows the value: "MIB"
    std::string_view noun{};         // what a number or a choice is: "a number of MiB"
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::vector<std::string_view> choices{};
    Check check = nullptr;
    Repeat repeat = Repeat::no;
    KeyOf key_of = nullptr;   // by default, what stands before the first '='
    bool takes_many = false;  // one occurrence takes all the words up to the next option
    bool is_required = false;
    std::vector<std::string_view> excludes{};  // names of options, either way round
    std::vector<std::string_view> needs{};
    std::string_view summary{};
    std::string_view default_value{};  // as it would be typed; Values return it
    std::string_view default_note{};   // for what no text says: "the first free one from 16 up"
    std::string_view variable{};       // the environment variable that gives it too
    std::string_view group{};          // the heading that help shows it under
    Completion completion = Completion::by_kind;

    [[nodiscard]] bool is_flag() const { return kind == Kind::flag; }
    [[nodiscard]] bool is_positional() const { return !name.starts_with('-'); }
};

using Options = std::vector<Option>;

// The options of several groups, in their order.
[[nodiscard]] Options joined(std::initializer_list<Options> groups);

// One of these has to be given.
struct Requirement {
    std::vector<std::string_view> any_of;
};

struct Example {
    std::string_view caption;
    std::string_view lines;  // as they are typed, a newline between two
};

struct ExitCode {
    std::string_view code;  // "0", "128+N"
    std::string_view meaning;
};

// An environment variable that no option stands for.
struct Variable {
    std::string_view name;
    std::string_view meaning;
};

// More than a paragraph: a format, an explanation that has a heading of its own.
struct Section {
    std::string_view heading;
    std::string_view text;
    bool is_verbatim = false;  // lines as they are: a table, a file
};

struct Command {
    std::string_view name;
    std::string_view summary{};                   // one phrase, without a full stop
    std::vector<std::string_view> description{};  // a paragraph each
    Options options{};
    Options positionals{};
    std::vector<Requirement> requirements{};
    std::vector<Example> examples{};
    std::vector<Section> sections{};
    std::vector<ExitCode> exit_codes{};
    std::vector<Variable> variables{};
    std::vector<std::string_view> see_also{};  // "glovebox-parent(1)"
    std::vector<Command> subcommands{};
    // Runs it and returns the exit status. Where there is none, a subcommand is required, and the
    // options are those of every subcommand.
    int (*run)(const Values& values) = nullptr;
    bool is_hidden = false;   // from help, manual pages and completion
    bool is_program = false;  // a program of its own too, which has its own pages

    [[nodiscard]] const Command* find(std::string_view subcommand) const;
};

// How a program reports mistakes: as Glovebox does, or as programs that use Rust's clap.
enum class Dialect { glovebox, clap };

struct Program {
    Command root;
    std::string_view version{};  // what --version prints
    char version_letter = 0;
    Dialect dialect = Dialect::glovebox;
};

// From the program's root to a command.
using Path = std::vector<const Command*>;

// "glovebox nsm pcr".
[[nodiscard]] std::string name_of(const Path& path);

// The options that a command takes: its own, and those of the commands above it that only group
// subcommands. --help is not among them.
[[nodiscard]] std::vector<const Option*> options_of(const Path& path);

}  // namespace glovebox::command_line
