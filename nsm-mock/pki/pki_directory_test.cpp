// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/pki_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::nsm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

class PkiDirectory : public testing::Test {
  protected:
    [[nodiscard]] std::string path() const { return directory_.path() + "/data/glovebox/pki"; }

    TemporaryDirectory directory_;
    SystemRandom random_;
};

TEST_F(PkiDirectory, TheRootIsMadeOnceAndKeptPrivate) {
    const CaIdentity first = open_pki(path(), random_).value();
    EXPECT_EQ(mode_of(path()), 0700u);
    EXPECT_EQ(mode_of(path() + "/root.key"), 0600u);
    EXPECT_EQ(mode_of(path() + "/root.pem"), 0600u);
    const CaIdentity second = open_pki(path(), random_).value();
    EXPECT_EQ(first.certificate.der(), second.certificate.der());
    EXPECT_TRUE(verify_es384(first.certificate.public_key(), as_bytes("m"),
                             second.key.sign(as_bytes("m"))));
    EXPECT_EQ(read_pki_root(path())->der(), first.certificate.der());
}

TEST_F(PkiDirectory, ARelaxedUmaskOpensNothing) {
    const mode_t old = ::umask(0);
    const auto root = open_pki(path(), random_);
    ::umask(old);
    ASSERT_TRUE(root);
    EXPECT_EQ(mode_of(path()), 0700u);
    EXPECT_EQ(mode_of(path() + "/root.key"), 0600u);
}

TEST_F(PkiDirectory, ManyThatMakeItAtOnceGetTheSameRoot) {
    std::array<std::string, 24> fingerprints;
    std::vector<std::thread> threads;
    threads.reserve(fingerprints.size());
    for (std::string& fingerprint : fingerprints)
        threads.emplace_back([this, &fingerprint] {
            SystemRandom random;
            fingerprint = to_hex(open_pki(path(), random).value().certificate.fingerprint());
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(std::set<std::string>(fingerprints.begin(), fingerprints.end()).size(), 1u);
}

TEST_F(PkiDirectory, AProcessKilledBetweenTheFilesLeavesNothingBroken) {
    const CaIdentity first = open_pki(path(), random_).value();
    ASSERT_TRUE(fs::remove(path() + "/root.pem"));
    std::ofstream(path() + "/root.pem.new") << "half";
    const CaIdentity second = open_pki(path(), random_).value();
    EXPECT_NE(first.certificate.der(), second.certificate.der());
    EXPECT_EQ(open_pki(path(), random_)->certificate.der(), second.certificate.der());
    EXPECT_FALSE(fs::exists(path() + "/root.pem.new"));
}

TEST_F(PkiDirectory, WhatIsOpenToOthersIsRefusedWithTheWayOut) {
    ASSERT_TRUE(open_pki(path(), random_));
    fs::permissions(path() + "/root.key", fs::perms(0644));
    EXPECT_THAT(open_pki(path(), random_).error().message,
                testing::AllOf(HasSubstr("root.key: it is open to others (mode 0644)"),
                               HasSubstr("chmod 600")));
    fs::permissions(path() + "/root.key", fs::perms(0600));
    fs::permissions(path(), fs::perms(0755));
    EXPECT_THAT(open_pki(path(), random_).error().message,
                testing::AllOf(HasSubstr("open to others (mode 0755)"),
                               HasSubstr("not there yet with --pki")));
    EXPECT_FALSE(read_pki_root(path()));
}

TEST_F(PkiDirectory, AnotherUsersDirectoryIsRefused) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can give a directory away";
    ASSERT_TRUE(open_pki(path(), random_));
    ASSERT_EQ(::chown(path().c_str(), 65534, 65534), 0);
    EXPECT_THAT(open_pki(path(), random_).error().message,
                HasSubstr("it belongs to user 65534, not to you (user 0)"));
}

TEST_F(PkiDirectory, SymbolicLinksAreNotFollowed) {
    ASSERT_TRUE(open_pki(path(), random_));
    fs::create_symlink(path(), directory_.path() + "/link");
    EXPECT_FALSE(open_pki(directory_.path() + "/link", random_));
    fs::rename(path() + "/root.key", directory_.path() + "/elsewhere");
    fs::create_symlink(directory_.path() + "/elsewhere", path() + "/root.key");
    EXPECT_THAT(open_pki(path(), random_).error().message, HasSubstr("root.key"));
}

TEST_F(PkiDirectory, FilesThatAreNoRootAreNamedAndLeftAlone) {
    ASSERT_TRUE(open_pki(path(), random_));
    std::ofstream(path() + "/root.pem") << "nothing";
    EXPECT_THAT(open_pki(path(), random_).error().message,
                testing::AllOf(HasSubstr("root.pem"), HasSubstr("remove root.key and root.pem")));
    std::ofstream(path() + "/root.pem") << make_mock_root(random_).certificate.to_pem();
    EXPECT_THAT(open_pki(path(), random_).error().message,
                HasSubstr("root.key is not the key of root.pem"));
    ASSERT_TRUE(fs::remove(path() + "/root.key"));
    EXPECT_THAT(open_pki(path(), random_).error().message,
                HasSubstr("root.pem is there without root.key"));
}

TEST_F(PkiDirectory, ReadingTheRootMakesNone) {
    EXPECT_THAT(read_pki_root(path()).error().message, HasSubstr("no mock root has been made"));
    EXPECT_FALSE(fs::exists(directory_.path() + "/data"));
}

TEST_F(PkiDirectory, APathThatIsAFileIsAnError) {
    std::ofstream(directory_.path() + "/file") << "";
    EXPECT_THAT(open_pki(directory_.path() + "/file", random_).error().message,
                HasSubstr("cannot open the PKI directory"));
    EXPECT_THAT(open_pki(directory_.path() + "/file/pki", random_).error().message,
                HasSubstr("cannot create the directory"));
}

}  // namespace
}  // namespace glovebox::nsm
