// SPDX-License-Identifier: Apache-2.0

#include "core/base/workflow_commands.h"

#include <gtest/gtest.h>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox {
namespace {

TEST(WorkflowCommands, EscapeWhatTheirFormatNeeds) {
    EXPECT_EQ(annotation_command(Severity::error, "a:b,c%\r\n", "d:e,f%\r\n"),
              "::error title=a%3Ab%2Cc%25%0D%0A::d:e,f%25%0D%0A");
    EXPECT_EQ(annotation_command(Severity::notice, "a", "b"), "::notice title=a::b");
    EXPECT_EQ(annotation_command(Severity::warning, "a", "::error::b"),
              "::warning title=a::::error::b");
    EXPECT_EQ(group_command("100%\n::error::x"), "::group::100%25%0A::error::x");
}

TEST(InertText, IsNoCommand) {
    EXPECT_EQ(inert("::error::x"), ":\\x3aerror::x");
    EXPECT_EQ(inert(" \t::set-output name=a::b"), " \t:\\x3aset-output name=a::b");
    EXPECT_EQ(inert("\xc2\xa0::error::x"), "\xc2\xa0:\\x3aerror::x");  // a blank beyond ASCII
    EXPECT_EQ(inert("\x7f::error::x"), "\x7f:\\x3aerror::x");
    EXPECT_EQ(inert("one ##[add-mask]two"), "one ##\\x5badd-mask]two");
    EXPECT_EQ(inert("###[error]x"), "###\\x5berror]x");
    EXPECT_EQ(inert("one\n::error::x\r::error::y"), "one\n:\\x3aerror::x\r:\\x3aerror::y");
    EXPECT_EQ(inert(":::error::x"), ":\\x3a:error::x");
}

TEST(InertText, StaysAsItIsOtherwise) {
    for (const char* text : {"", ":", "a::b", "kms::Decrypt ::error::x", "2001:db8::1", "[##]",
                             "#[x]", "# #[x]", ": :error::"})
        EXPECT_EQ(inert(text), text);
}

TEST(InertText, ComesInPieces) {
    for (const std::string_view whole : {"::error::x", " ##[error]x\n::y"}) {
        InertText text;
        std::string passed;
        for (const char one : whole)
            passed += text.pass({&one, 1});
        EXPECT_EQ(passed, inert(whole));
    }
}

TEST(InertText, IsTheSameValueInJson) {
    const std::string value = "a ##[error]b ##[";
    const std::string line = inert(json_quote(value), InertText::Form::json);
    EXPECT_EQ(line, R"("a ##\u005berror]b ##\u005b")");
    EXPECT_EQ(read_json(line).value().as_string(), value);
}

}  // namespace
}  // namespace glovebox
