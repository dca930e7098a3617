// SPDX-License-Identifier: Apache-2.0

// Holds docs/sandbox_probes.md against what integration/sandbox/world_probe.c, an unmodified
// program, sees in a sandbox of each kind. Goal: no difference from Nitro that isn't in the table.
// Method: leave about what a careless host leaves about (sockets, keys, credentials, a second
// enclave's files), start the program, compare line by line; a line without a row and a row without
// a line are failures too.

#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "integration/sandbox/probe_table.h"
#include "integration/sandbox/subprocess.h"

namespace glovebox::integration {
namespace {

namespace fs = std::filesystem;

constexpr int exit_no_sandbox = 125;

enum class Kind { image, command };

struct Scene {
    Kind kind = Kind::image;
    bool one_id = false;
};

std::string name_of(const testing::TestParamInfo<Scene>& info) {
    return std::string(info.param.kind == Kind::image ? "Image" : "Command") +
           (info.param.one_id ? "WithOneId" : "");
}

int listen_on(const sockaddr_un& name, std::size_t size) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(size)) !=
            0 ||
        ::listen(listener, 8) != 0) {
        ::close(listener);
        return -1;
    }
    return listener;
}

class SandboxProbes : public testing::TestWithParam<Scene> {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "glovebox-probes.XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        here_ = fs::canonical(pattern);
        fs::create_directories(here_ / "program");
        fs::copy_file(WORLD_PROBE, here_ / "program/world_probe");
        std::ofstream(here_ / "program/beside") << "data\n";
        leave_things_about();
    }

    void TearDown() override {
        for (const int socket : {abstract_socket_, world_socket_})
            if (socket >= 0)
                ::close(socket);
        if (shared_memory_ >= 0)
            ::shmctl(shared_memory_, IPC_RMID, nullptr);
        std::error_code ignored;
        fs::remove_all(here_, ignored);
    }

    void leave_things_about() {
        sockaddr_un abstract{};
        abstract.sun_family = AF_UNIX;
        constexpr char abstract_name[] = "\0world-probe";
        std::memcpy(abstract.sun_path, abstract_name, sizeof abstract_name - 1);
        // Another test of this machine may hold the name; then that test is the listener.
        abstract_socket_ =
            listen_on(abstract, offsetof(sockaddr_un, sun_path) + sizeof abstract_name - 1);
        const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&abstract),
                            offsetof(sockaddr_un, sun_path) + sizeof abstract_name - 1),
                  0)
            << "nobody listens outside, so that nobody listens inside says nothing";
        ::close(client);
        shared_memory_ = ::shmget(0x776f726c, 4096, IPC_CREAT | 0600);
        ASSERT_GE(shared_memory_, 0);
        ::syscall(SYS_add_key, "user", "world-probe", "secret", 6, -3 /* the session keyring */);

        fs::create_directories(here_ / "home/.aws");
        std::ofstream(here_ / "home/.aws/credentials") << "aws_secret_access_key = x\n";
        // In the worst place: below the program's own folder.
        fs::create_directories(here_ / "program/world");
        const fs::path previous = fs::current_path();
        fs::current_path(here_ / "program/world");
        sockaddr_un second_enclave{};
        second_enclave.sun_family = AF_UNIX;
        constexpr std::string_view name = "17.5005";
        name.copy(second_enclave.sun_path, name.size());
        world_socket_ = listen_on(second_enclave, sizeof second_enclave);
        fs::current_path(previous);
        ASSERT_GE(world_socket_, 0);
    }

    std::string make_root_file_system() const {
        const fs::path root = here_ / "rootfs";
        for (const char* folder :
             {"dev", "proc", "sys", "run", "tmp", "etc", "root", "home", "app"})
            fs::create_directories(root / folder);
        std::ofstream(root / "etc/passwd") << "root:x:0:0:root:/root:/bin/sh\n";
        std::ofstream(root / "etc/resolv.conf") << "nameserver 192.0.2.1\n";
        std::ofstream(root / "etc/hostname") << "host\n";
        fs::copy_file(WORLD_PROBE, root / "app/world_probe");
        return root.string();
    }

    Finished run_probe() const {
        std::vector<std::string> arguments{SANDBOX_PROBE_RUNNER,
                                           "--memory",
                                           "268435456",
                                           "--cpus",
                                           "1",
                                           "--env",
                                           "GREETING=hello",
                                           "--hide",
                                           (here_ / "program/world").string()};
        if (GetParam().one_id)
            arguments.emplace_back("--one-id");
        if (GetParam().kind == Kind::image) {
            arguments.emplace_back("--rootfs");
            arguments.push_back(make_root_file_system());
        }
        arguments.emplace_back("--");
        arguments.emplace_back(GetParam().kind == Kind::image ? "/app/world_probe"
                                                              : "./world_probe");
        for (const fs::path& path :
             {here_ / "program/world/17.5005", here_ / "home/.aws/credentials",
              fs::path("/proc") / std::to_string(::getpid()), here_ / "program/beside"})
            arguments.push_back(path.string());
        return run(arguments, (here_ / "program").string(),
                   {"PATH=/usr/bin:/bin", "HOME=" + (here_ / "home").string(),
                    "AWS_SECRET_ACCESS_KEY=x", "SSH_AUTH_SOCK=/run/agent"});
    }

    fs::path here_;
    int abstract_socket_ = -1;
    int world_socket_ = -1;
    int shared_memory_ = -1;
};

TEST_P(SandboxProbes, TheTableSaysWhatAProgramSees) {
    const Finished finished = run_probe();
    if (finished.exit_status == exit_no_sandbox) {
        // Empty where nothing denies what a sandbox needs.
        const Finished denied = run({"/usr/bin/python3", MACHINE}, "/", {"PATH=/usr/bin:/bin"});
        if (denied.exit_status == 0 && denied.output.size() > 1)
            GTEST_SKIP() << finished.errors << denied.output;
    }
    ASSERT_EQ(finished.exit_status, 0) << finished.errors;

    // Without newuidmap and subordinate ids, an ordinary user has one id whatever was asked for.
    const bool one_id = finished.errors.find("only one user id") != std::string::npos;
    const bool etc_has_mounts =
        finished.errors.find("/etc has mounts of the host's below it") != std::string::npos;
    const Starter starter{::geteuid() == 0, GetParam().one_id || one_id, etc_has_mounts};
    std::map<std::string, ProbeRow> rows = read_probe_table(PROBE_TABLE);
    ASSERT_GE(rows.size(), 40U);
    std::istringstream lines(finished.output);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t tab = line.find('\t');
        ASSERT_NE(tab, std::string::npos) << line;
        const auto row = rows.find(line.substr(0, tab));
        if (row == rows.end()) {
            ADD_FAILURE() << "the table has no row for: " << line;
            continue;
        }
        const std::string& cell =
            GetParam().kind == Kind::image ? row->second.image : row->second.command;
        EXPECT_TRUE(cell_matches(cell, line.substr(tab + 1), starter))
            << line << " (the table says: " << cell << "; on Nitro: " << row->second.on_nitro
            << ")";
        rows.erase(row);
    }
    for (const auto& [name, row] : rows)
        ADD_FAILURE() << "the program did not say: " << name;
}

INSTANTIATE_TEST_SUITE_P(EveryKind, SandboxProbes,
                         testing::Values(Scene{Kind::image, false}, Scene{Kind::image, true},
                                         Scene{Kind::command, false}, Scene{Kind::command, true}),
                         name_of);

TEST(ProbeTable, CellsAreReadByStarter) {
    const Starter root{true, false};
    const Starter user{false, false};
    const Starter user_with_one_id{false, true};
    const char* cell = "ok; EACCES as a user; EINVAL or EPERM with one id";
    EXPECT_TRUE(cell_matches(cell, "ok", root));
    EXPECT_FALSE(cell_matches(cell, "EACCES", root));
    EXPECT_TRUE(cell_matches(cell, "EACCES", user));
    EXPECT_TRUE(cell_matches(cell, "EPERM", user_with_one_id));
    EXPECT_FALSE(cell_matches(cell, "ok", user_with_one_id));
    const Starter in_container{true, false, true};
    EXPECT_TRUE(cell_matches("ok; EROFS where /etc has mounts", "EROFS", in_container));
    EXPECT_FALSE(cell_matches("ok; EROFS where /etc has mounts", "ok", in_container));
    EXPECT_TRUE(cell_matches("ok; EROFS where /etc has mounts", "ok", root));
    EXPECT_TRUE(cell_matches("0 *", "0 unlimited", root));
    EXPECT_FALSE(cell_matches("0 *", "1 unlimited", root));
}

}  // namespace
}  // namespace glovebox::integration
