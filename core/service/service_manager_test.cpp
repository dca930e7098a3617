// SPDX-License-Identifier: Apache-2.0

#include "core/service/service_manager.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "core/base/leave_child.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

// A service manager's socket, by its path or with an abstract name.
class Manager {
  public:
    explicit Manager(const std::string& name)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name.front() == '@')
            address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }

    // What it was told last; empty if nothing.
    std::string heard() {
        std::array<char, 256> text;
        const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
        return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
    }

  private:
    UniqueFd socket_;
};

TEST(ServiceManager, IsToldOfEachState) {
    const TemporaryDirectory directory;
    for (const std::string& name :
         {directory.path() + "/notify", "@glovebox-test-" + std::to_string(::getpid())}) {
        Manager manager(name);
        auto told = ServiceManager::take_environment();
        EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
        told.tell_ready("1 listener");
        EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=1 listener");
        told.tell_reloading();
        EXPECT_THAT(manager.heard(), testing::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
        told.tell_main_process(4711);
        EXPECT_EQ(manager.heard(), "MAINPID=4711");
        told.tell_alive();
        EXPECT_EQ(manager.heard(), "WATCHDOG=1");
        told.tell_stopping();
        EXPECT_EQ(manager.heard(), "STOPPING=1");
    }
}

TEST(ServiceManager, ASuccessorTellsItsPredecessorToo) {
    ::unsetenv("NOTIFY_SOCKET");
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const UniqueFd reader(pipe[0]);
    ::setenv("GLOVEBOX_READY_FD", std::to_string(pipe[1]).c_str(), 1);
    auto told = ServiceManager::take_environment();
    EXPECT_EQ(std::getenv("GLOVEBOX_READY_FD"), nullptr);
    told.tell_ready("1 listener");
    std::array<char, 8> heard{};
    EXPECT_EQ(::read(reader.get(), heard.data(), heard.size()), 1);
    EXPECT_EQ(::read(reader.get(), heard.data(), heard.size()), 0);
}

TEST(ServiceManager, ASuccessorHasItsVariables) {
    ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::unsetenv("WATCHDOG_PID");
    EXPECT_THAT(ServiceManager::take_environment().variables(),
                testing::ElementsAre(testing::Pair("NOTIFY_SOCKET", "/run/notify"),
                                     testing::Pair("WATCHDOG_USEC", "3000000")));
}

TEST(ServiceManager, WithoutOneNothingHappens) {
    ::unsetenv("NOTIFY_SOCKET");
    ServiceManager::take_environment().tell_ready("x");
    ::setenv("NOTIFY_SOCKET", "relative", 1);
    ServiceManager::take_environment().tell_ready("x");
    ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
    ServiceManager::take_environment().tell_ready("x");
}

TEST(ServiceManager, TheWatchdogIsForThisProcessAlone) {
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(ServiceManager::take_environment().alive_interval(), 1500ms);
    EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
    EXPECT_FALSE(ServiceManager::take_environment().alive_interval());
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_FALSE(ServiceManager::take_environment().alive_interval());
    ::setenv("WATCHDOG_USEC", "3 s", 1);
    EXPECT_FALSE(ServiceManager::take_environment().alive_interval());
}

// In a child, whose descriptors from 3 up are the test's.
template <class Check>
void in_child(Check check) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        leave_child(check() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

UniqueFd listening_at(const std::string& path) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return socket;
}

TEST(InheritedSockets, AreTakenByName) {
    const TemporaryDirectory directory;
    in_child([&] {
        const UniqueFd first = listening_at(directory.path() + "/a");
        const UniqueFd second = listening_at(directory.path() + "/b");
        const int a = ::fcntl(first.get(), F_DUPFD, 100);
        const int b = ::fcntl(second.get(), F_DUPFD, 100);
        ::dup2(a, 3);
        ::dup2(b, 4);
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_FDNAMES", "8000:status", 1);
        auto sockets = InheritedSockets::take_environment();
        if (!sockets || std::getenv("LISTEN_FDS") != nullptr || sockets->left() != "8000, status")
            return false;
        const UniqueFd status = sockets->take("status");
        const UniqueFd none = sockets->take("status");
        return status.get() == 4 && !none && sockets->left() == "8000" &&
               (::fcntl(4, F_GETFD) & FD_CLOEXEC) != 0 && (::fcntl(4, F_GETFL) & O_NONBLOCK) != 0;
    });
}

TEST(InheritedSockets, AreForThisProcessAlone) {
    in_child([] {
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_PID", "1", 1);
        const auto sockets = InheritedSockets::take_environment();
        return sockets && sockets->left().empty();
    });
}

TEST(InheritedSockets, WhatDoesNotListenIsAnError) {
    in_child([] {
        ::dup2(STDERR_FILENO, 3);
        ::setenv("LISTEN_FDS", "1", 1);
        const auto sockets = InheritedSockets::take_environment();
        return !sockets && sockets.error().message.find("ListenStream=") != std::string::npos;
    });
}

}  // namespace
}  // namespace glovebox::core
