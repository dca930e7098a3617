// SPDX-License-Identifier: Apache-2.0

#include "transports/world.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/testing/environment.h"
#include "core/base/testing/temporary_directory.h"
#include "transports/client_names.h"
#include "transports/socket_name.h"
#include "transports/unix_address.h"

namespace glovebox::transports {
namespace {

namespace fs = std::filesystem;
using core::cid_any;
using core::cid_local;
using core::cid_parent;
using core::port_any;
using core::VsockAddress;
using testing::HasSubstr;

UniqueFd stream_socket(int flags = 0) {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

class WorldTest : public testing::Test {
  protected:
    WorldTest() : world_(World::open(path_).value()) {}

    // A listening socket of `address`.
    UniqueFd listening(VsockAddress address, int backlog = 8) {
        UniqueFd socket = stream_socket();
        EXPECT_TRUE(world_->bind(socket.get(), address));
        EXPECT_EQ(::listen(socket.get(), backlog), 0);
        return socket;
    }

    // Beside the world's own file of the names' key.
    [[nodiscard]] std::size_t sockets_on_disk() const {
        return TemporaryDirectory::entries_in(path_) - 1;
    }

    int connect_errno(core::Cid own, VsockAddress target) {
        const UniqueFd socket = stream_socket();
        const auto connected = world_->connect(socket.get(), own, target);
        return connected ? 0 : connected.error().code.value();
    }

    TemporaryDirectory scratch_;
    std::string path_ = scratch_ / "world";
    std::unique_ptr<World> world_;
};

TEST_F(WorldTest, AListenerIsASocketNamedCidDotPort) {
    const UniqueFd listener = listening({16, 5005});
    struct stat status {};
    ASSERT_EQ(::lstat((path_ + "/16.5005").c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
}

TEST_F(WorldTest, BothEndsKnowEachOtherAndNothingStaysOnDisk) {
    const UniqueFd listener = listening({3, 8000});
    const UniqueFd client = stream_socket();
    const auto local = world_->connect(client.get(), 16, {cid_parent, 8000});
    ASSERT_TRUE(local) << local.error().message;
    EXPECT_EQ(local->cid, 16U);
    EXPECT_GE(local->port, 1024U);
    EXPECT_EQ(sockets_on_disk(), 1U);

    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_EQ(World::peer_of(accepted.get()), *local);
    EXPECT_EQ(World::peer_of(client.get()), (VsockAddress{3, 8000}));
}

TEST_F(WorldTest, AThreadThatHasEnteredFindsListenersAndMovesNobodyElse) {
    const UniqueFd listener = listening({16, 5005});
    const fs::path before = fs::current_path();
    std::thread([&] {
        world_->enter_with_thread();
        EXPECT_EQ(connect_errno(cid_parent, {16, 5005}), 0);
        EXPECT_EQ(connect_errno(cid_parent, {16, 5006}), ECONNRESET);
        const UniqueFd client = stream_socket();
        ASSERT_TRUE(world_->connect(client.get(), cid_parent, {16, 5005}));
        EXPECT_EQ(World::peer_of(client.get()), (VsockAddress{16, 5005}));
    }).join();
    EXPECT_EQ(fs::current_path(), before);
    EXPECT_EQ(connect_errno(cid_parent, {16, 5005}), 0);
}

TEST_F(WorldTest, AnotherUserWhoBindsTheNextNamesStopsNobody) {
    const UniqueFd listener = listening({3, 8000}, SOMAXCONN);
    const UniqueFd seen = stream_socket();
    const auto local = world_->connect(seen.get(), 16, {3, 8000});
    ASSERT_TRUE(local);
    // All that /proc/net/unix tells of the victim: this name, whose last part counts up.
    const std::string name(UnixAddress::of_socket(seen.get())->text());
    const std::string before_port = name.substr(0, name.rfind('.') + 1);
    std::vector<UniqueFd> attackers;
    for (core::Port port = local->port + 1; attackers.size() < 200; ++port) {
        attackers.push_back(stream_socket());
        ASSERT_EQ(
            UnixAddress::abstract(before_port + std::to_string(port)).bind(attackers.back().get()),
            0);
    }
    const UniqueFd client = stream_socket();
    const auto next = world_->connect(client.get(), 16, {3, 8000});
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->port, local->port + 1) << "the kernel counts up";
}

TEST_F(WorldTest, AClientHasTheSameNameInEveryProcessOfTheWorldAndOfNoOther) {
    const auto name_of_next_client = [this](World& world) {
        const UniqueFd client = stream_socket();
        EXPECT_FALSE(world.connect(client.get(), 16, {3, 8000}));
        return std::string(UnixAddress::of_socket(client.get())->text());
    };
    const std::string name = name_of_next_client(*world_);
    const auto client = parse_socket_name(name);
    ASSERT_TRUE(client);
    const auto digest_of = [&](const std::string& path) {
        const auto world = World::open(path).value();
        const auto names = ClientNames::open(world->directory());
        return std::string(names.value().of(*client).text());
    };
    EXPECT_EQ(digest_of(path_), name);
    EXPECT_NE(digest_of(scratch_ / "other"), name);
}

TEST_F(WorldTest, AKeyThatWasCutShortIsReplaced) {
    fs::resize_file(path_ + "/names.key", 31);
    const auto again = World::open(path_);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(fs::file_size(path_ + "/names.key"), 32U);
    EXPECT_EQ(fs::status(path_ + "/names.key").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(WorldTest, ASocketMeetsItsOwnProcessPrivatelyInTheNameOfAnAddress) {
    const UniqueFd client = stream_socket();
    const auto other_end = world_->meet(client.get(), {16, 5005});
    ASSERT_TRUE(other_end) << other_end.error().message;
    EXPECT_FALSE(UnixAddress::of_peer(client.get())->is_abstract());
    EXPECT_EQ(World::peer_of(client.get()), (VsockAddress{16, 5005}));
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    char got = 0;
    EXPECT_EQ(::recv(other_end->get(), &got, 1, MSG_DONTWAIT), 1);
    EXPECT_EQ(sockets_on_disk(), 0U);
}

TEST_F(WorldTest, ThePeerIsKnownAfterItHasClosed) {
    const UniqueFd listener = listening({3, 8000});
    UniqueFd client = stream_socket();
    const auto local = world_->connect(client.get(), 16, {3, 8000});
    client.reset();
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_EQ(World::peer_of(accepted.get()), local.value());
}

TEST_F(WorldTest, APeerWithoutANameIsTheParent) {
    const UniqueFd listener = listening({16, 8080});
    const UniqueFd client = stream_socket();
    ASSERT_EQ(UnixAddress::in_directory(world_->directory(), "16.8080").connect(client.get()), 0);
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_EQ(World::peer_of(accepted.get()), (VsockAddress{cid_parent, port_any}));
}

TEST_F(WorldTest, NobodyListeningIsAReset) {
    EXPECT_EQ(connect_errno(3, {16, 5005}), ECONNRESET);
    const UniqueFd bound_only = stream_socket();
    ASSERT_TRUE(world_->bind(bound_only.get(), {16, 5005}));
    EXPECT_EQ(connect_errno(3, {16, 5005}), ECONNRESET);
}

TEST_F(WorldTest, ANameThatIsNotOursIsTheParentsToo) {
    const UniqueFd listener = listening({16, 8080});
    for (const char* foreign : {"16.5005", "other/16.5005", "glovebox", "glovebox/x/"}) {
        const UniqueFd client = stream_socket();
        ASSERT_EQ(UnixAddress::abstract(scratch_.path() + foreign).bind(client.get()), 0);
        ASSERT_EQ(UnixAddress::in_directory(world_->directory(), "16.8080").connect(client.get()),
                  0);
        const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
        EXPECT_EQ(World::peer_of(accepted.get()), (VsockAddress{cid_parent, port_any})) << foreign;
    }
}

TEST_F(WorldTest, ARefusedSocketKeepsItsPortAndMayTryAgain) {
    const UniqueFd client = stream_socket();
    ASSERT_FALSE(world_->connect(client.get(), 16, {3, 8000}));
    const UniqueFd listener = listening({3, 8000});
    const auto local = world_->connect(client.get(), 16, {3, 8000});
    ASSERT_TRUE(local) << local.error().message;
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_EQ(World::peer_of(accepted.get()), *local);
}

TEST_F(WorldTest, AFullBacklogIsAResetAndNeverWaits) {
    const UniqueFd listener = listening({3, 8000}, 0);
    const UniqueFd first = stream_socket();
    ASSERT_TRUE(world_->connect(first.get(), 16, {3, 8000}));
    const UniqueFd second = stream_socket();
    const auto refused = world_->connect(second.get(), 16, {3, 8000});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code.value(), ECONNRESET);
    EXPECT_THAT(refused.error().message, HasSubstr("backlog"));
    EXPECT_EQ(::fcntl(second.get(), F_GETFL) & O_NONBLOCK, 0) << "the caller's flags were changed";
}

TEST_F(WorldTest, EnclavesReachTheirParentAndNotEachOther) {
    const UniqueFd enclave = listening({17, 5005});
    const UniqueFd parent = listening({3, 5005});
    EXPECT_EQ(connect_errno(16, {3, 5005}), 0);
    EXPECT_EQ(connect_errno(3, {17, 5005}), 0);
    EXPECT_EQ(connect_errno(16, {17, 5005}), ECONNRESET);
}

TEST_F(WorldTest, DiallingOneselfIsSeenAsCidOne) {
    const UniqueFd listener = listening({16, 5005});
    for (const core::Cid self : {16U, cid_local}) {
        const UniqueFd client = stream_socket();
        ASSERT_TRUE(world_->connect(client.get(), 16, {self, 5005})) << self;
        const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
        EXPECT_EQ(World::peer_of(accepted.get()).cid, cid_local);
    }
}

TEST_F(WorldTest, WhatIsBoundToCidOneIsReachedByItsOwnSideAlone) {
    const UniqueFd listener = stream_socket();
    EXPECT_EQ(world_->bind(listener.get(), 16, {cid_local, 5005}).value(),
              (VsockAddress{cid_local, 5005}));
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    EXPECT_EQ(connect_errno(16, {cid_local, 5005}), 0);
    EXPECT_EQ(connect_errno(16, {16, 5005}), ECONNRESET);
    EXPECT_EQ(connect_errno(3, {16, 5005}), ECONNRESET);
    EXPECT_EQ(connect_errno(17, {cid_local, 5005}), ECONNRESET);
}

TEST_F(WorldTest, APortBoundToAnyAndOneBoundToCidOneExcludeEachOther) {
    const UniqueFd any = stream_socket();
    ASSERT_TRUE(world_->bind(any.get(), 16, {cid_any, 5005}));
    const UniqueFd local = stream_socket();
    EXPECT_EQ(world_->bind(local.get(), 16, {cid_local, 5005}).error().code.value(), EADDRINUSE);
    ASSERT_TRUE(world_->bind(local.get(), 16, {cid_local, 5006}));
    const UniqueFd other = stream_socket();
    EXPECT_EQ(world_->bind(other.get(), 16, {cid_any, 5006}).error().code.value(), EADDRINUSE);
    EXPECT_TRUE(world_->bind(other.get(), 16, {16, 5006}));
}

TEST_F(WorldTest, AnotherSidesCidIsNotAvailable) {
    const UniqueFd socket = stream_socket();
    EXPECT_EQ(world_->bind(socket.get(), 16, {3, 5005}).error().code.value(), EADDRNOTAVAIL);
}

TEST_F(WorldTest, AnyPortIsAFreeOneFrom1024Up) {
    const UniqueFd first = stream_socket();
    const UniqueFd second = stream_socket();
    const auto one = world_->bind(first.get(), 16, {cid_any, port_any});
    const auto two = world_->bind(second.get(), 16, {cid_any, port_any});
    ASSERT_TRUE(one && two);
    EXPECT_GE(one->port, 1024U);
    EXPECT_NE(one->port, port_any);
    EXPECT_NE(one->port, two->port);
}

TEST_F(WorldTest, ANameIsTakenWhileItsSocketLivesAndFreeAfterwards) {
    UniqueFd first = listening({16, 5005});
    const UniqueFd second = stream_socket();
    const auto refused = world_->bind(second.get(), {16, 5005});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code.value(), EADDRINUSE);
    EXPECT_THAT(refused.error().message, HasSubstr(path_ + "/16.5005"));
    first.reset();  // no unbind: as after a crash
    EXPECT_TRUE(world_->bind(second.get(), {16, 5005}));
}

TEST_F(WorldTest, ASocketIsBoundOnce) {
    const UniqueFd socket = stream_socket();
    ASSERT_TRUE(world_->bind(socket.get(), {16, 5005}));
    EXPECT_EQ(world_->bind(socket.get(), {16, 5006}).error().code.value(), EINVAL);
    EXPECT_EQ(sockets_on_disk(), 1U);
}

TEST_F(WorldTest, AskingWhetherANameIsTakenDisturbsNobody) {
    const UniqueFd listener = listening({16, 5005});
    const UniqueFd second = stream_socket();
    ASSERT_FALSE(world_->bind(second.get(), {16, 5005}));
    ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
    EXPECT_EQ(::accept(listener.get(), nullptr, nullptr), -1)
        << "the probe arrived as a connection";
    EXPECT_EQ(errno, EAGAIN);
}

TEST_F(WorldTest, AConnectionThatOutlivesItsListenerDoesNotHoldTheName) {
    UniqueFd listener = listening({16, 5005});
    const UniqueFd client = stream_socket();
    ASSERT_TRUE(world_->connect(client.get(), 3, {16, 5005}));
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    listener.reset();
    const UniqueFd next = stream_socket();
    EXPECT_TRUE(world_->bind(next.get(), {16, 5005}));
}

TEST_F(WorldTest, AFileThatIsNoSocketIsNeverRemoved) {
    std::ofstream(path_ + "/16.5005") << "somebody's notes";
    const UniqueFd socket = stream_socket();
    EXPECT_EQ(world_->bind(socket.get(), {16, 5005}).error().code.value(), EADDRINUSE);
    EXPECT_TRUE(World::open(path_));
    EXPECT_TRUE(fs::is_regular_file(path_ + "/16.5005"));
}

TEST_F(WorldTest, UnbindRemovesOnesOwnNameOnly) {
    UniqueFd mine = listening({16, 5005});
    fs::remove(path_ + "/16.5005");  // by hand, and somebody else takes it
    const UniqueFd theirs = listening({16, 5005});
    const std::unique_ptr<World> same = World::open(path_).value();
    world_->unbind(mine.get(), {16, 5005});
    same->unbind(theirs.get(), {16, 5005});
    EXPECT_EQ(connect_errno(3, {16, 5005}), 0);
}

TEST_F(WorldTest, UnbindTakesTheNameOffTheDisk) {
    const UniqueFd mine = listening({16, 5005});
    world_->unbind(mine.get(), {16, 5005});
    EXPECT_EQ(sockets_on_disk(), 0U);
    EXPECT_EQ(connect_errno(3, {16, 5005}), ECONNRESET);
}

TEST_F(WorldTest, UnbindOfASocketThatIsClosedRemovesWhatNobodyHolds) {
    UniqueFd gone = listening({16, 5005});
    gone.reset();
    world_->unbind(-1, {16, 5005});
    EXPECT_EQ(sockets_on_disk(), 0U);

    gone = listening({16, 5006});
    gone.reset();
    const UniqueFd next = listening({16, 5006});
    world_->unbind(-1, {16, 5006});
    EXPECT_EQ(connect_errno(3, {16, 5006}), 0) << "somebody else's name was removed";
}

TEST_F(WorldTest, OpeningClearsAwayWhatTheDeadHaveLeft) {
    UniqueFd dead = listening({16, 5005});
    const UniqueFd alive = listening({16, 5006});
    dead.reset();
    ASSERT_EQ(sockets_on_disk(), 2U);
    const auto again = World::open(path_);
    EXPECT_FALSE(fs::exists(path_ + "/16.5005"));
    EXPECT_TRUE(fs::exists(path_ + "/16.5006"));
}

TEST_F(WorldTest, BindersThatRaceForAStaleNameGetItOnce) {
    constexpr int rounds = 50;
    constexpr int racers = 4;
    for (int round = 0; round < rounds; ++round) {
        { const UniqueFd dead = listening({16, 5005}); }
        std::vector<UniqueFd> sockets;
        sockets.reserve(racers);
        for (int i = 0; i < racers; ++i)
            sockets.push_back(stream_socket());
        std::atomic<int> winners = 0;
        std::vector<std::thread> threads;
        threads.reserve(racers);
        for (const UniqueFd& socket : sockets)
            threads.emplace_back([&] {
                winners += world_->bind(socket.get(), {16, 5005}) ? 1 : 0;
            });
        for (std::thread& thread : threads)
            thread.join();
        ASSERT_EQ(winners, 1);
    }
}

TEST_F(WorldTest, ARemovedDirectoryIsNamedInTheError) {
    fs::remove_all(path_);
    const UniqueFd socket = stream_socket();
    const auto refused = world_->bind(socket.get(), {16, 5005});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code.value(), ENOENT);
    EXPECT_THAT(refused.error().message, HasSubstr("the world's directory was removed"));
    EXPECT_EQ(connect_errno(3, {16, 5005}), ECONNRESET);
}

TEST(WorldName, TheOptionComesBeforeTheEnvironmentAndThatBeforeTheDefault) {
    const Environment environment("GLOVEBOX_WORLD", "ci-7");
    EXPECT_EQ(World::choose_name("mine"), "mine");
    EXPECT_EQ(World::choose_name(""), "ci-7");
    const Environment empty("GLOVEBOX_WORLD", "");
    EXPECT_EQ(World::choose_name(""), "");
    const Environment none("GLOVEBOX_WORLD", nullptr);
    EXPECT_EQ(World::choose_name(""), "default");
}

TEST(WorldName, AVariableThatIsSetAndEmptyIsNotTheWorldThatAllShare) {
    const Environment empty("GLOVEBOX_WORLD", "");
    const auto world = World::open(World::choose_name(""));
    ASSERT_FALSE(world);
    EXPECT_EQ(world.error().code.value(), EINVAL);
    EXPECT_THAT(world.error().message, HasSubstr("GLOVEBOX_WORLD is set and empty"));
}

TEST(WorldName, LiesInTheUsersRunDirectory) {
    const TemporaryDirectory run;
    const Environment environment("XDG_RUNTIME_DIR", run.path().c_str());
    const auto world = World::open("ci-7");
    ASSERT_TRUE(world) << world.error().message;
    EXPECT_EQ((*world)->path(), run.path() + "/glovebox/ci-7");
    EXPECT_TRUE(fs::is_directory(run.path() + "/glovebox/ci-7"));
}

TEST(WorldName, AnyOtherFormIsRefusedWithWhatWasExpected) {
    const TemporaryDirectory run;
    const Environment environment("XDG_RUNTIME_DIR", run.path().c_str());
    for (const std::string& name :
         {std::string("."), std::string(".."), std::string(".hidden"), std::string("two words"),
          std::string("a\0b", 3), std::string(129, 'x')}) {
        const auto world = World::open(name);
        ASSERT_FALSE(world) << name;
        EXPECT_EQ(world.error().code.value(), EINVAL);
        EXPECT_THAT(world.error().message, HasSubstr("letters, digits"));
    }
    EXPECT_EQ(TemporaryDirectory::entries_in(run.path()), 0U);
}

}  // namespace
}  // namespace glovebox::transports
