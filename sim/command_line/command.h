// SPDX-License-Identifier: Apache-2.0

// A command as plain values: its name, its options, its exit codes, its examples.
//
// Everything about a command line is made from one such description: the parser (parser.h),
// `--help` (help.h), manual pages, completion for shells, and the tables of options in docs/
// (document.h).
//
// The values refer to texts that outlive them, usually string literals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::command_line {

class Values;

enum class Kind {
    flag,       // takes no value
    text,       // any text that `check` accepts
    file,       // a file's name
    directory,  // a directory's name
    number,     // a whole number from `least` to `most`
    duration,   // "90s", "1h30m"; not negative
    choice,     // one of `choices`
};

enum class Repeat {
    no,    // at most once
    list,  // each occurrence adds a value
    map,   // each occurrence adds KEY=VALUE; two values for one key are a mistake
};

// Returns the key of an entry, in one form for all its spellings; empty for a text that is not an
// entry.
using KeyOf = std::string (*)(const std::string& entry);

// What a shell's completion offers for a value, if the kind does not determine it.
enum class Completion { by_kind, world, running_enclave, any_enclave, program };

// Returns the mistake in a value of the option's kind as a sentence that quotes it, or an empty
// text.
using Check = std::string (*)(const std::string& text);

// An option ("--output"), or a positional argument, whose name is how help shows it ("FILE").
struct Option {
    std::string_view name;
    char letter = 0;  // 'o' for "-o"
    Kind kind = Kind::text;
    std::string_view placeholder{};  // the value in help: "MIB"
    std::string_view noun{};         // the meaning of a number or a choice: "a number of MiB"
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::vector<std::string_view> choices{};
    Check check = nullptr;
    Repeat repeat = Repeat::no;
    KeyOf key_of = nullptr;   // by default the part before the first '='
    bool takes_many = false;  // an occurrence takes all words up to the next option
    bool is_signed = false;   // a positional argument that may begin with '-' and a digit
    bool is_required = false;
    std::vector<std::string_view> excludes{};  // options that cannot be given too
    std::vector<std::string_view> needs{};
    std::string_view summary{};
    std::string_view default_value{};  // as a user would type it; Values return it
    std::string_view default_note{};  // for a default that is no text: "the first free one from 16"
    std::string_view variable{};      // the environment variable that can hold the value
    std::string_view group{};         // the heading for it in help
    Completion completion = Completion::by_kind;

    [[nodiscard]] bool is_flag() const { return kind == Kind::flag; }
    [[nodiscard]] bool is_positional() const { return !name.starts_with('-'); }
};

using Options = std::vector<Option>;

// Concatenates groups of options.
[[nodiscard]] Options joined(std::initializer_list<Options> groups);

// At least one of these options is required.
struct Requirement {
    std::vector<std::string_view> any_of;
};

struct Example {
    std::string_view caption;
    std::string_view lines;  // as a user types them, separated by newlines
};

struct ExitCode {
    std::string_view code;  // "0", "128+N"
    std::string_view meaning;
};

// An environment variable without an option.
struct Variable {
    std::string_view name;
    std::string_view meaning;
};

// A part of a page with its own heading: a format, an explanation.
struct Section {
    std::string_view heading;
    std::string_view text;
    bool is_verbatim = false;  // the lines stay as they are: a table, a file
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
    // Runs the command and returns its exit status. Without it, a subcommand is required, and the
    // options belong to every subcommand.
    int (*run)(const Values& values) = nullptr;
    bool is_hidden = false;   // left out of help, manual pages and completion
    bool is_program = false;  // also a program of its own, with its own pages

    // The direct subcommand with that name, or null.
    [[nodiscard]] const Command* find(std::string_view subcommand) const;
};

// How a program reports mistakes: as Glovebox does, or as programs that use Rust's clap.
enum class Dialect { glovebox, clap };

struct Program {
    Command root;
    std::string_view version{};  // the output of --version
    char version_letter = 0;
    Dialect dialect = Dialect::glovebox;
    std::string_view error_name{};  // what errors begin with; the root's name if empty
};

// The commands from a program's root to a command, both included.
using Path = std::vector<const Command*>;

// "glovebox nsm pcr".
[[nodiscard]] std::string name_of(const Path& path);

// The options of a command: its own, and those of the commands above it that only group
// subcommands. Without --help.
[[nodiscard]] std::vector<const Option*> options_of(const Path& path);

}  // namespace glovebox::command_line
