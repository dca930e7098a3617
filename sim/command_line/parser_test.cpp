// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/parser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "core/base/clock.h"

namespace glovebox::command_line {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

int run_nothing(const Values&) {
    return 0;
}

std::string check_wait(const std::string& text) {
    return parse_duration(text).value() > std::chrono::hours(1)
               ? fmt::format("\"{}\" is more than an hour", text)
               : std::string();
}

// A program with a command of each shape.
Program make_program(Dialect dialect = Dialect::glovebox) {
    const Command serve{
        .name = "serve",
        .summary = "Serve",
        .options = {{.name = "--state", .kind = Kind::directory, .placeholder = "DIR"},
                    {.name = "--listen", .placeholder = "ADDRESS", .repeat = Repeat::list},
                    {.name = "--resolve", .placeholder = "K=V", .repeat = Repeat::map},
                    {.name = "--wait",
                     .letter = 'w',
                     .kind = Kind::duration,
                     .placeholder = "TIME",
                     .check = check_wait,
                     .default_value = "5s"},
                    {.name = "--count",
                     .kind = Kind::number,
                     .placeholder = "N",
                     .noun = "a count",
                     .least = 1,
                     .most = 9,
                     .variable = "TEST_COUNT"},
                    {.name = "--form",
                     .kind = Kind::choice,
                     .placeholder = "FORM",
                     .noun = "a form",
                     .choices = {"hex", "raw"}},
                    {.name = "--quiet", .letter = 'q', .kind = Kind::flag},
                    {.name = "--loud", .kind = Kind::flag, .excludes = {"--quiet"}},
                    {.name = "--key", .placeholder = "KEY", .needs = {"--state"}},
                    {.name = "--ids", .placeholder = "ID", .takes_many = true}},
        .subcommands =
            {{.name = "explain",
              .summary = "Explain",
              .options = {{.name = "--state", .kind = Kind::directory, .placeholder = "DIR"}},
              .run = run_nothing}},
        .run = run_nothing};
    const Command ask{
        .name = "ask",
        .summary = "Ask",
        .options = {{.name = "--device", .placeholder = "DEVICE"}},
        .subcommands = {{.name = "extend",
                         .summary = "Extend",
                         .positionals = {{.name = "INDEX", .is_signed = true, .is_required = true},
                                         {.name = "DATA", .repeat = Repeat::list}},
                         .run = run_nothing},
                        {.name = "lock",
                         .summary = "Lock",
                         .options = {{.name = "--range", .placeholder = "N"}},
                         .positionals = {{.name = "INDEX"}},
                         .requirements = {{{"INDEX", "--range"}}},
                         .run = run_nothing}}};
    const Command up{.name = "up",
                     .summary = "Up",
                     .options = {{.name = "--quiet", .letter = 'q', .kind = Kind::flag}},
                     .positionals = {{.name = "FILE", .is_required = true},
                                     {.name = "PROGRAM",
                                      .repeat = Repeat::list,
                                      .completion = Completion::program}},
                     .run = run_nothing};
    return {.root = {.name = "test", .summary = "Test", .subcommands = {serve, ask, up}},
            .version = "test 1",
            .dialect = dialect};
}

class Parser : public testing::Test {
  protected:
    [[nodiscard]] Parsed parse(const Words& words) const {
        return command_line::parse(program_, words, [this](const std::string& name) {
            const auto found = environment_.find(name);
            return found == environment_.end() ? std::nullopt
                                               : std::optional<std::string>(found->second);
        });
    }
    [[nodiscard]] Values values(const Words& words) const {
        const Parsed parsed = parse(words);
        if (const auto* mistake = std::get_if<Mistake>(&parsed))
            throw std::runtime_error(explain(*mistake, program_.dialect));
        return std::get<Values>(parsed);
    }
    [[nodiscard]] std::string mistake(const Words& words) const {
        const Parsed parsed = parse(words);
        const auto* mistake = std::get_if<Mistake>(&parsed);
        return mistake == nullptr ? "no mistake" : explain(*mistake, program_.dialect);
    }

    Program program_ = make_program();
    std::map<std::string, std::string> environment_;
};

TEST_F(Parser, ReadsOptionsInEachOfTheirForms) {
    const Values read = values({"serve", "--state", "a", "--listen=b", "--listen", "-c", "-q",
                                "-w2m", "--count", "3", "--ids", "1", "2"});
    EXPECT_EQ(name_of(read.path()), "test serve");
    EXPECT_EQ(read.text("--state"), "a");
    EXPECT_THAT(read.list("--listen"), ElementsAre("b", "-c"));
    EXPECT_TRUE(read.flag("--quiet"));
    EXPECT_FALSE(read.flag("--loud"));
    EXPECT_EQ(read.duration("--wait"), std::chrono::minutes(2));
    EXPECT_EQ(read.number("--count"), 3U);
    EXPECT_THAT(read.list("--ids"), ElementsAre("1", "2"));
}

TEST_F(Parser, AnEmptyValueIsAValue) {
    const Values read = values({"serve", "--state=", "--listen", "", "--listen="});
    EXPECT_EQ(read.find_text("--state"), "");
    EXPECT_THAT(read.list("--listen"), ElementsAre("", ""));
    EXPECT_THAT(mistake({"serve", "--quiet="}), HasSubstr("--quiet"));
}

TEST_F(Parser, AValueWithASignIsNoOptionWhereTheCommandHasSuchValues) {
    EXPECT_EQ(values({"ask", "extend", "-4h", "data"}).text("INDEX"), "-4h");
    EXPECT_THAT(mistake({"ask", "extend", "-x"}), HasSubstr("no option -x"));
    EXPECT_THAT(mistake({"ask", "-4h"}), HasSubstr("-4h"));
    EXPECT_THAT(mistake({"serve", "-4h"}), HasSubstr("no option -4h"));
}

TEST_F(Parser, TellsWhatWasGivenFromADefault) {
    const Values read = values({"serve"});
    EXPECT_EQ(read.duration("--wait"), std::chrono::seconds(5));
    EXPECT_FALSE(read.has("--wait"));
    EXPECT_EQ(read.find_text("--state"), std::nullopt);
    EXPECT_EQ(read.find_number("--count"), std::nullopt);
}

TEST_F(Parser, AVariableStandsForAnOptionThatIsNotGiven) {
    environment_["TEST_COUNT"] = "4";
    EXPECT_EQ(values({"serve"}).number("--count"), 4U);
    EXPECT_FALSE(values({"serve"}).is_argument("--count"));
    EXPECT_EQ(values({"serve", "--count", "5"}).number("--count"), 5U);
    environment_["TEST_COUNT"] = "10";
    EXPECT_THAT(mistake({"serve"}), HasSubstr("TEST_COUNT: \"10\" is not a count"));
    environment_["TEST_COUNT"] = "";
    EXPECT_FALSE(values({"serve"}).has("--count"));
}

TEST_F(Parser, AGroupsOptionsStandBeforeOrBehindItsSubcommand) {
    for (const Words& words : {Words{"ask", "--device", "mock", "extend", "1"},
                               Words{"ask", "extend", "--device", "mock", "1"},
                               Words{"ask", "extend", "1", "--device=mock"}}) {
        const Values read = values(words);
        EXPECT_EQ(read.text("--device"), "mock");
        EXPECT_EQ(read.text("INDEX"), "1");
    }
}

TEST_F(Parser, AnOptionBeforeASubcommandHoldsOrIsRefused) {
    EXPECT_EQ(values({"serve", "--state", "a", "explain"}).text("--state"), "a");
    EXPECT_EQ(values({"serve", "explain", "--state", "a"}).text("--state"), "a");
    EXPECT_THAT(mistake({"serve", "--listen", "a", "explain"}),
                HasSubstr("--listen is not an option of \"test serve explain\""));
    EXPECT_THAT(mistake({"serve", "--state", "a", "explain", "--state", "b"}),
                HasSubstr("--state was given more than once"));
}

TEST_F(Parser, AMapsKeyHasOneValue) {
    EXPECT_THAT(values({"serve", "--resolve", "a=1", "--resolve", "b=2", "--resolve", "a=1"})
                    .list("--resolve"),
                ElementsAre("a=1", "b=2", "a=1"));
    EXPECT_THAT(mistake({"serve", "--resolve", "a=1", "--resolve", "a=2"}),
                HasSubstr("--resolve gives \"a\" two values: a=1 and a=2"));
}

TEST_F(Parser, AnOptionThatIsNoListIsGivenOnce) {
    EXPECT_THAT(mistake({"serve", "--state", "a", "--state", "a"}),
                HasSubstr("--state was given more than once"));
    EXPECT_THAT(mistake({"serve", "--ids", "1", "--ids", "2"}), HasSubstr("more than once"));
    EXPECT_THAT(mistake({"serve", "--ids=1", "--quiet", "--ids", "2"}),
                HasSubstr("more than once"));
}

TEST_F(Parser, WhatStandsBehindTwoHyphensBelongsToTheProgram) {
    const Values read = values({"up", "file", "--", "ls", "-l", "--quiet", "--", "x"});
    EXPECT_EQ(read.text("FILE"), "file");
    EXPECT_THAT(read.list("PROGRAM"), ElementsAre("ls", "-l", "--quiet", "--", "x"));
    EXPECT_FALSE(read.flag("--quiet"));
    EXPECT_THAT(values({"up", "file", "ls", "--", "-l"}).list("PROGRAM"), ElementsAre("ls", "-l"));
    EXPECT_THAT(mistake({"up", "--", "ls"}), HasSubstr("FILE is required"));
    EXPECT_THAT(mistake({"up", "file", "ls", "-l"}), HasSubstr("write \"--\" before the program"));
    EXPECT_THAT(values({"ask", "extend", "--", "-1", "-2"}).text("INDEX"), "-1");
}

TEST_F(Parser, AnUnknownOptionIsTheProgramsOnlyBehindItsNameAndWithoutTwoHyphens) {
    for (const Words& words :
         {Words{"up", "--quite", "file", "--", "ls"}, Words{"up", "file", "--quite", "--", "ls"},
          Words{"up", "file", "ls", "--quite", "--", "-l"}, Words{"up", "file", "--quite"}})
        EXPECT_EQ(mistake(words),
                  "test up: there is no option --quite; did you mean --quiet?\n"
                  "Try \"test up --help\".\n");
    EXPECT_THAT(
        mistake({"up", "file", "ls", "-l"}),
        HasSubstr("there is no option -l; if it belongs to the program, write \"--\" before "
                  "the program: test up file -- ls -l\n"));
    EXPECT_THAT(mistake({"up", "file", "ls", "--quite"}),
                HasSubstr("did you mean --quiet? Or, if it belongs to the program, write \"--\" "
                          "before the program: test up file -- ls --quite\n"));
}

TEST_F(Parser, AMisspeltOptionOrCommandIsToldTheNearest) {
    EXPECT_THAT(mistake({"serve", "--lisen", "a"}),
                testing::AllOf(testing::StartsWith("test serve: "),
                               HasSubstr("no option --lisen; did you mean --listen?"),
                               HasSubstr("Try \"test serve --help\"")));
    EXPECT_THAT(mistake({"serve", "--list=a"}), HasSubstr("--list; did you mean --listen?"));
    EXPECT_THAT(mistake({"server"}), HasSubstr("no command \"server\"; did you mean serve?"));
    EXPECT_THAT(mistake({"ask", "extent", "--wait", "1"}), HasSubstr("did you mean extend?"));
    EXPECT_THAT(mistake({"--device", "mock", "ask", "lock", "1"}), HasSubstr("--device"));
    EXPECT_THAT(mistake({"serve", "--zzz"}), testing::Not(HasSubstr("did you mean")));
}

TEST_F(Parser, AnOptionInTheWrongPlaceIsToldItsOwn) {
    EXPECT_THAT(mistake({"--device", "mock", "ask", "lock", "1"}),
                HasSubstr("it is an option of \"test ask\": write it after ask"));
}

TEST_F(Parser, WhatIsMissingIsNamed) {
    EXPECT_THAT(mistake({}), HasSubstr("a command is missing: one of serve, ask or up"));
    EXPECT_THAT(mistake({"ask"}), HasSubstr("one of extend or lock"));
    EXPECT_THAT(mistake({"ask", "extend"}), HasSubstr("INDEX is required"));
    EXPECT_THAT(mistake({"ask", "lock"}), HasSubstr("INDEX or --range is required"));
    EXPECT_THAT(mistake({"serve", "--state"}), HasSubstr("--state needs a value"));
    EXPECT_THAT(mistake({"serve", "-qw"}), HasSubstr("--wait needs a value"));
    EXPECT_THAT(mistake({"serve", "--key", "k"}), HasSubstr("--key needs --state too"));
    EXPECT_THAT(mistake({"up", "--quiet=no", "f"}), HasSubstr("--quiet takes no value"));
}

TEST_F(Parser, WhatDoesNotGoTogetherIsRefused) {
    EXPECT_THAT(mistake({"serve", "--quiet", "--loud"}),
                HasSubstr("--loud and --quiet exclude each other"));
    EXPECT_THAT(mistake({"ask", "lock", "1", "2"}), HasSubstr("\"2\" was not expected"));
}

TEST_F(Parser, AWrongValueIsToldWhatWasExpected) {
    for (const std::string bad : {"", "0", "10", "70000", "-1", "x", "1x", " 1", "07", "0x1", "1.0",
                                  "18446744073709551616"})
        EXPECT_THAT(mistake({"serve", "--count=" + bad}),
                    HasSubstr("\"" + bad + "\" is not a count: a whole number from 1 to 9"))
            << bad;
    EXPECT_THAT(mistake({"serve", "--form", "xml"}),
                HasSubstr("--form: \"xml\" is not a form: hex or raw was expected"));
    EXPECT_THAT(mistake({"serve", "--wait", "5"}), HasSubstr("1h30m"));
    EXPECT_THAT(mistake({"serve", "--wait", "-5s"}), HasSubstr("negative"));
    EXPECT_THAT(mistake({"serve", "--wait", "61m"}), HasSubstr("more than an hour"));
}

TEST_F(Parser, HelpAndVersionComeBeforeMistakes) {
    for (const Words& words : {Words{"serve", "--help"}, Words{"serve", "--bogus", "-h"},
                               Words{"help", "serve"}, Words{"--help", "serve"}})
        EXPECT_EQ(name_of(std::get<HelpWanted>(parse(words)).path), "test serve");
    EXPECT_TRUE(std::holds_alternative<VersionWanted>(parse({"--version"})));
    EXPECT_THAT(mistake({"serve", "--version"}), HasSubstr("no option --version"));
    EXPECT_THAT(mistake({"--verison"}), HasSubstr("did you mean --version?"));
    EXPECT_THAT(mistake({"help", "bogus"}), HasSubstr("no command \"bogus\""));
}

TEST_F(Parser, TheWordHelpAsksAProgramWithoutCommandsToo) {
    program_.root.subcommands.clear();
    EXPECT_EQ(name_of(std::get<HelpWanted>(parse({"help"})).path), "test");
    EXPECT_THAT(mistake({"help", "bogus"}), HasSubstr("the argument \"bogus\" was not expected"));
    program_.root.positionals = {{.name = "FILE"}};
    EXPECT_FALSE(std::holds_alternative<HelpWanted>(parse({"help"})));
}

TEST_F(Parser, SpeaksAsClapDoesWhereAskedTo) {
    program_ = make_program(Dialect::clap);
    EXPECT_THAT(mistake({"serve", "--lisen", "a"}),
                testing::StartsWith("error: unexpected argument '--lisen' found\n\n  tip: a "
                                    "similar argument exists: '--listen'\n\nUsage: "));
    EXPECT_THAT(mistake({"server"}), HasSubstr("error: unrecognized subcommand 'server'"));
    EXPECT_THAT(mistake({"serve", "--state", "-3"}),
                HasSubstr("a value is required for '--state <DIR>' but none was supplied"));
    EXPECT_EQ(values({"serve", "--state=-3"}).text("--state"), "-3");
    EXPECT_THAT(mistake({"serve", "--state", "a", "--state", "b"}),
                HasSubstr("the argument '--state <DIR>' cannot be used multiple times"));
    EXPECT_THAT(mistake({"serve", "--quiet", "--quiet"}), HasSubstr("multiple times"));
    EXPECT_THAT(mistake({"serve", "--quiet", "--loud"}),
                HasSubstr("the argument '--loud' cannot be used with '--quiet'"));
    EXPECT_THAT(mistake({"ask", "lock"}),
                HasSubstr("the following required arguments were not provided:\n  "
                          "<<INDEX>|--range <N>>"));
}

TEST_F(Parser, ANameThatTheCommandDoesNotHaveIsAMistakeOfTheProgram) {
    const Values read = values({"serve"});
    EXPECT_THROW(static_cast<void>(read.has("--nothing")), std::logic_error);
    EXPECT_THROW(static_cast<void>(read.flag("--state")), std::logic_error);
    EXPECT_THROW(static_cast<void>(read.text("--quiet")), std::logic_error);
    EXPECT_THROW(static_cast<void>(read.text("--listen")), std::logic_error);
    EXPECT_THROW(static_cast<void>(read.duration("--state")), std::logic_error);
    EXPECT_THROW(static_cast<void>(read.find_number("--state")), std::logic_error);
}

}  // namespace
}  // namespace glovebox::command_line
