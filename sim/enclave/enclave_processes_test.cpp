// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/enclave_processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <csignal>

#include "sim/enclave/other_program_fixture.h"

namespace glovebox::enclave {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MATCHER_P2(Is, process, is_first, "") {
    return arg.process == process && arg.is_first == is_first;
}

// This process stands for `glovebox run`.
EnclaveRecord record_of_this_process(const char* isolation) {
    EnclaveRecord record;
    record.process = ::getpid();
    record.isolation = isolation;
    return record;
}

TEST(EnclaveProcesses, WhatGloveboxForksForItselfIsNone) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t keeper = ::fork();
    if (keeper == 0) {
        const pid_t program = ::fork();
        if (program != 0)
            (void)!::write(ends[1], &program, sizeof program);
        for (;;)
            ::pause();
    }
    pid_t program = 0;
    ASSERT_EQ(::read(ends[0], &program, sizeof program), static_cast<ssize_t>(sizeof program));
    EXPECT_THAT(list_enclave_processes(record_of_this_process("none")),
                ElementsAre(Is(program, false)));
    ::kill(program, SIGKILL);
    ::kill(keeper, SIGKILL);
    ::waitpid(keeper, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_THAT(list_enclave_processes(record_of_this_process("none")), IsEmpty());
}

TEST(EnclaveProcesses, AChildThatExecutesAnotherProgramIsOne) {
    const OtherProgram program;
    for (const char* isolation : {"none", "sandbox"})
        EXPECT_THAT(list_enclave_processes(record_of_this_process(isolation)),
                    ElementsAre(Is(program.process(), false)));
}

TEST(EnclaveProcesses, TheFirstOfASandboxIsKnown) {
    const OtherProgram init(CLONE_NEWUSER | CLONE_NEWPID);
    if (init.process() < 0)
        GTEST_SKIP() << "this machine denies user namespaces";
    EXPECT_THAT(list_enclave_processes(record_of_this_process("sandbox")),
                ElementsAre(Is(init.process(), true)));
}

}  // namespace
}  // namespace glovebox::enclave
