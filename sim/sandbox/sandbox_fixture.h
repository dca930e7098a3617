// SPDX-License-Identifier: Apache-2.0

// For tests of real sandboxes: one of the command kind around /bin/sh, and its output.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/testing/temporary_directory.h"
#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {

// The part that could be read: a file of /proc may lose its process meanwhile.
inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2");
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
    // Everything that was written, after every writer has closed.
    std::string text() {
        write_end.reset();
        std::string result;
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0; (size = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;)
            result.append(buffer.data(), static_cast<std::size_t>(size));
        return result;
    }
    UniqueFd read_end;
    UniqueFd write_end;
};

class SandboxTest : public testing::Test {
  protected:
    void SetUp() override {
        machine_ = read_machine("", "");
        const auto probe = Sandbox::start(shell("true"));
        if (!probe && probe.error().code == SandboxError::namespaces_forbidden)
            GTEST_SKIP() << probe.error().message;
        if (!probe)
            if (const std::string denied = denied_in_namespaces(); !denied.empty())
                GTEST_SKIP() << denied << ": " << probe.error().message;
        ASSERT_TRUE(probe) << probe.error().message;
    }

    // What a container's filter denies to a user namespace that anybody may make; empty where a
    // sandbox that fails has failed by itself.
    static std::string denied_in_namespaces() {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) != 0)
                ::_exit(1);
            if (::sethostname("sandbox", 7) != 0)
                ::_exit(2);
            ::_exit(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : 3);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        constexpr std::array<const char*, 4> calls{"", "unshare", "sethostname", "mount"};
        const char* const denied =
            calls.at(WIFEXITED(status) ? static_cast<std::size_t>(WEXITSTATUS(status)) : 0);
        return *denied == 0 ? std::string() : std::string(denied) + " is denied here";
    }

    SandboxPlan command(const std::vector<std::string>& arguments) const {
        CommandRequest request;
        request.arguments = arguments;
        request.path = "/usr/bin:/bin";
        request.working_directory = folder_.string();
        return make_command_plan(request, machine_).value();
    }
    SandboxPlan shell(const std::string& script) const {
        return command({"/bin/sh", "-c", script});
    }

    // A number that no other process of this machine sleeps for, to find a process by.
    static std::string tag() {
        static int count = 0;
        return "9" + std::to_string(::getpid()) + "00" + std::to_string(++count);
    }

    std::string output_of(const SandboxPlan& plan, StartOptions options = {}) const {
        Pipe out;
        options.standard_streams = {0, out.write_end.get(), 2};
        const auto sandbox = Sandbox::start(plan, options);
        if (!sandbox)
            return "not started: " + sandbox.error().message;
        const std::string text = out.text();
        (*sandbox)->wait();
        return text;
    }

    TemporaryDirectory temporary_;
    std::filesystem::path folder_ = temporary_.path();
    Machine machine_;
};

}  // namespace glovebox::sandbox
