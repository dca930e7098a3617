// SPDX-License-Identifier: Apache-2.0

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace glovebox {
namespace {

struct Row {
    Error error;
    const char* advice;
    const char* sentence;
};

TEST(Error, AdviceStandsInASentenceOfItsOwn) {
    const Row rows[] = {
        {errno_error("cannot open /x", EACCES), "Choose another directory",
         "cannot open /x: Permission denied. Choose another directory"},
        {errno_error("cannot open /x", EACCES), "It is another user's. Choose another directory",
         "cannot open /x: Permission denied. It is another user's. Choose another directory"},
        {errno_error("cannot open /x", ENOENT), "", "cannot open /x: No such file or directory"},
        {invalid_input("CID 2 is taken"), "Choose another one",
         "CID 2 is taken. Choose another one"},
        {invalid_input("It has ended."), "Start it again", "It has ended. Start it again"},
        {errno_error("cannot open /x", EACCES).in("the policy"), "Choose another directory",
         "the policy: cannot open /x: Permission denied. Choose another directory"},
    };
    for (const Row& row : rows) {
        const Error advised = Error(row.error).with_advice(row.advice);
        EXPECT_EQ(advised.message, row.sentence);
        EXPECT_EQ(advised.code, row.error.code);
    }
}

TEST(ErrnoText, IsTheSystemsWords) {
    EXPECT_EQ(errno_text(ENOENT), "No such file or directory");
    EXPECT_EQ(errno_text(EPERM), "Operation not permitted");
}

}  // namespace
}  // namespace glovebox
