// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::vm {
namespace {

TEST(Frame, ComesWholeHoweverItIsCut) {
    const std::string bytes = encode(FrameKind::output, "hello") + encode(FrameKind::ended, "7");
    FrameReader reader;
    std::string seen;
    for (const char one : bytes) {
        reader.take(std::string_view(&one, 1));
        while (const auto frame = reader.next())
            seen += static_cast<char>(frame->kind) + frame->content + ";";
    }
    EXPECT_EQ(seen, "Ohello;X7;");
    EXPECT_FALSE(reader.is_broken());
}

TEST(Frame, OfAnotherKindOrTooLongBreaksTheReader) {
    for (const char* bytes : {"?\0\0\0\1a", "O\x7f\0\0\0a"}) {
        FrameReader reader;
        reader.take(std::string_view(bytes, 6));
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.is_broken());
    }
}

TEST(Frame, HasANumberOrNone) {
    EXPECT_EQ((Frame{FrameKind::ended, "128"}).number(), 128);
    for (const char* content : {"", "x", "7x", "7 ", "99999999999"})
        EXPECT_EQ((Frame{FrameKind::ended, content}).number(), 0) << content;
}

TEST(RemoteCommand, ArrivesAsItWasSent) {
    const RemoteCommand sent{"/a b", {"printf", "%s", ""}, {"A=", "B=two\nlines"}};
    const auto got = RemoteCommand::decode(sent.encode());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->folder, "/a b");
    EXPECT_THAT(got->arguments, testing::ElementsAre("printf", "%s", ""));
    EXPECT_THAT(got->environment, testing::ElementsAre("A=", "B=two\nlines"));
}

TEST(RemoteCommand, IsNothingElse) {
    using std::string_literals::operator""s;
    for (const std::string& content : {""s, "/\0"s, "/\0000\0"s, "/\0003\0one\0"s, "/\0001\0one"s,
                                       "/\000x\0one\0"s, "/\0001x\0one\0"s})
        EXPECT_FALSE(RemoteCommand::decode(content)) << content;
}

}  // namespace
}  // namespace glovebox::vm
