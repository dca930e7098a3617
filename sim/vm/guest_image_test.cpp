// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/guest_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "core/base/testing/temporary_directory.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/tree/ramdisk.h"

namespace glovebox::vm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Entry {
    eif::CpioEntry entry;
    std::string content;
};

// The archive as the kernel reads it, by name.
std::map<std::string, Entry> written(const Initramfs& image) {
    const TemporaryDirectory directory;
    const fs::path file = directory / "initrd";
    image.write(file).value();
    const auto mapped = eif::MappedFile::open(file).value();
    eif::RamdiskReader reader(mapped.bytes());
    std::map<std::string, Entry> entries;
    while (const auto entry = reader.next().value()) {
        std::string content(entry->size, '\0');
        std::span<std::uint8_t> rest(reinterpret_cast<std::uint8_t*>(content.data()),
                                     content.size());
        while (!rest.empty())
            rest = rest.subspan(reader.read(rest).value());
        entries[entry->name] = {*entry, content};
    }
    return entries;
}

TEST(Initramfs, HasAMergedTreeAndItsUsers) {
    const auto entries = written(Initramfs::make().value());
    EXPECT_EQ(entries.at("lib").content, "usr/lib");
    EXPECT_TRUE(S_ISLNK(entries.at("lib").entry.mode));
    EXPECT_EQ(entries.at("tmp").entry.mode & 07777u, 01777u);
    EXPECT_EQ(entries.at("dev/console").entry.rdev_major, 5u);
    EXPECT_EQ(entries.at("home/guest").entry.uid, 1000u);
    EXPECT_THAT(entries.at("etc/passwd").content, HasSubstr("guest:x:1000:"));
}

TEST(Initramfs, PutsFilesThroughTheMergedFoldersLinks) {
    Initramfs image = Initramfs::make().value();
    image.add_text("/lib/deep/er/note", "hello\n").value();
    const auto entries = written(image);
    EXPECT_EQ(entries.at("usr/lib/deep/er/note").content, "hello\n");
    EXPECT_TRUE(S_ISDIR(entries.at("usr/lib/deep").entry.mode));
    EXPECT_EQ(entries.count("lib/deep"), 0u);
}

TEST(Initramfs, HasAFolderWithItsLinksAndWithoutPythonsCache) {
    const TemporaryDirectory source;
    fs::create_directories(fs::path(source.path()) / "below/__pycache__");
    std::ofstream(source / "below/program") << "text";
    std::ofstream(source / "below/__pycache__/program.pyc") << "cache";
    fs::permissions(source / "below/program", fs::perms(0755));
    fs::create_symlink("program", source / "below/link");
    Initramfs image = Initramfs::make().value();
    image.add_file(source.path(), "/opt/app").value();
    const auto entries = written(image);
    EXPECT_EQ(entries.at("opt/app/below/program").content, "text");
    EXPECT_EQ(entries.at("opt/app/below/program").entry.mode & 07777u, 0755u);
    EXPECT_EQ(entries.at("opt/app/below/program").entry.uid, 0u);
    EXPECT_EQ(entries.at("opt/app/below/link").content, "program");
    EXPECT_EQ(entries.count("opt/app/below/__pycache__/program.pyc"), 0u);
}

TEST(Initramfs, NamesAFileThatIsMissing) {
    Initramfs image = Initramfs::make().value();
    EXPECT_THAT(image.add_file("/no/such/file", "/a").error().message, HasSubstr("/no/such/file"));
}

TEST(Initramfs, ListsItsModulesInTheirOrder) {
    Initramfs image = Initramfs::make().value();
    image.add_modules({{"vsock", {1, 2}}, {"loopback", {3}}}).value();
    const auto entries = written(image);
    EXPECT_EQ(entries.at("glovebox/modules.order").content, "vsock\nloopback\n");
    EXPECT_EQ(entries.at("glovebox/modules/vsock.ko").content, "\x01\x02");
}

TEST(CommandScript, RunsExactlyTheseWordsInThisEnvironment) {
    GuestOptions options;
    options.command = {"printf", "%s", "it's $HOME"};
    options.user = guest_user;
    options.folder = "/my folder";
    options.environment = {{"WORD", "two words"}};
    const std::string script = command_script(options);
    EXPECT_THAT(script, HasSubstr("export HOME='/home/guest'\n"));
    EXPECT_THAT(script, HasSubstr("export WORD='two words'\n"));
    EXPECT_THAT(script, HasSubstr("cd '/my folder'\nexec 'printf' '%s' 'it'\\''s $HOME'\n"));
}

TEST(CommandScript, HasThisMachinesEnvironmentWithItsFiles) {
    GuestOptions options;
    options.command = {"true"};
    options.folder = "/work";
    options.has_host_files = true;
    options.environment = {{"PATH", "/opt/bin"}};
    EXPECT_EQ(command_script(options),
              "#!/bin/sh\nexport PATH='/opt/bin'\ncd '/work'\nexec 'true'\n");
}

TEST(VsockModules, AreLoadedByKind) {
    EXPECT_THAT(vsock_modules("none"), testing::IsEmpty());
    EXPECT_THAT(vsock_modules("virtio"),
                testing::ElementsAre("vsock", "vmw_vsock_virtio_transport"));
}

}  // namespace
}  // namespace glovebox::vm
