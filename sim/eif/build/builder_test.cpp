// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "core/base/testing/temporary_directory.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/format/metadata.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/testing/archive_fixture.h"
#include "sim/eif/testing/test_support.h"
#include "sim/eif/tree/ramdisk.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TarBuilder;

// The start of a bzImage as far as anybody looks: setup header's magic and a version.
std::string fake_kernel() {
    std::string kernel(4096, 'k');
    kernel.replace(0x202, 4, "HdrS");
    kernel.replace(0x20e, 2, std::string("\x00\x04", 2));  // version text at 0x400 + 0x200
    kernel.replace(0x600, 30, std::string("4.14.256 (build@host) #1 SMP\0", 29) + "k");
    return kernel;
}

// The first 20 bytes of a program for x86_64 (62) or aarch64 (183).
std::string fake_program(char machine = 62) {
    std::string program(
        "\x7f"
        "ELF\x02\x01\x01",
        7);
    program.resize(18, '\0');
    return program + machine + std::string(1, '\0') + "rest";
}

class Build : public ::testing::Test {
  protected:
    Build() {
        testing::write_file(scratch_ / "kernel", fake_kernel());
        testing::write_file(scratch_ / "init",
                            fake_program() + std::string(testing::aws_init_messages));
        options_.kernel = scratch_ / "kernel";
        options_.init = scratch_ / "init";
        options_.output = scratch_ / "out.eif";
        options_.tool_version = "test";
    }

    // A root file system of a few files, in a folder of that name.
    fs::path make_rootfs(const std::string& name) {
        const fs::path root = scratch_ / name;
        fs::create_directories(root / "bin");
        fs::create_directories(root / "etc");
        testing::write_file(root / "bin/app", fake_program());
        fs::permissions(root / "bin/app", fs::perms(0755));
        testing::write_file(root / "etc/conf", std::string_view("a=b\n"));
        fs::permissions(root / "etc/conf", fs::perms(0640));
        fs::create_symlink("bin/app", root / "run-me");
        return root;
    }
    // The same files as a layer.
    static Bytes make_layer() {
        return TarBuilder()
            .directory("bin")
            .directory("etc")
            .file("bin/app", fake_program(), {.mode = 0755})
            .file("etc/conf", "a=b\n", {.mode = 0640})
            .symlink("run-me", "bin/app")
            .take();
    }
    fs::path make_archive(const testing::ImageSpec& spec) {
        testing::write_file(scratch_ / "image.tar", testing::docker_archive(spec));
        return scratch_ / "image.tar";
    }

    BuildResult build() {
        auto result = build_image(options_);
        EXPECT_TRUE(result) << result.error().message;
        return result ? *result : BuildResult{};
    }
    std::string refusal() {
        const auto result = build_image(options_);
        return result ? std::string() : result.error().message;
    }
    Bytes output() const { return testing::read_file(options_.output); }

    // Both ramdisks unpacked. What is in the tree lies in `file`, which outlives it.
    FileTree tree_of(const Bytes& file) {
        FileTree tree;
        Spool spool(scratch_.path());
        TreeBudget budget({});
        for (const BytesView ramdisk : Image::parse(file).value().ramdisks())
            EXPECT_TRUE(unpack_ramdisk(ramdisk, "r", tree, spool, budget));
        return tree;
    }
    static std::string content(const FileTree& tree, const std::string& path) {
        const auto node = tree.find(path);
        return node ? std::string(as_text(node->content.head(1 << 20, path).value())) : "(absent)";
    }

    TemporaryDirectory scratch_;
    BuildOptions options_;
};

TEST_F(Build, MakesARightImageOfAFolder) {
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app", "--port", "5005"};
    options_.environment = {"A=1", "PATH=/bin"};
    testing::write_file(scratch_ / "nsm.ko", std::string_view("module"));
    options_.nsm_ko = scratch_ / "nsm.ko";
    const BuildResult result = build();
    EXPECT_THAT(result.warnings, IsEmpty());
    const Bytes file = output();
    EXPECT_EQ(result.size, file.size());
    const Image image = Image::parse(file).value();
    EXPECT_TRUE(image.findings().empty());
    EXPECT_EQ(image.header().default_mem, 0x40000000u);
    EXPECT_EQ(image.header().default_cpus, 2u);
    EXPECT_EQ(as_text(image.find(SectionType::cmdline)->data),
              default_cmdline(Architecture::x86_64));
    EXPECT_TRUE(describe(image, measure_content(image), TimePoint{}).value().good);
    EXPECT_EQ(measure(image).value(), result.pcrs);
    std::vector<SectionType> order;
    for (const Section& section : image.sections())
        order.push_back(section.type);
    EXPECT_THAT(order, ElementsAre(SectionType::kernel, SectionType::cmdline, SectionType::metadata,
                                   SectionType::ramdisk, SectionType::ramdisk));

    const FileTree tree = tree_of(file);
    EXPECT_EQ(content(tree, "init"), fake_program() + std::string(testing::aws_init_messages));
    EXPECT_EQ(content(tree, "nsm.ko"), "module");
    EXPECT_EQ(content(tree, "cmd"), "/bin/app\n--port\n5005\n");
    EXPECT_EQ(content(tree, "env"), "A=1\nPATH=/bin\n");
    EXPECT_EQ(content(tree, "rootfs/etc/conf"), "a=b\n");
    EXPECT_EQ(tree.find("rootfs/etc/conf")->permissions, 0640u);
    EXPECT_EQ(tree.find("rootfs/run-me")->target, "bin/app");
    for (const auto& [path, node] : tree.entries()) {
        EXPECT_EQ(node->mtime, default_source_date) << path;
        EXPECT_EQ(node->uid, 0u) << path;
    }
}

TEST_F(Build, DoesToTheTreeWhatAwsBuilderDoes) {
    const fs::path root = make_rootfs("rootfs");
    fs::create_directory(root / "tmp");
    fs::permissions(root / "tmp", fs::perms(01777));
    fs::create_directory(root / "dev");
    testing::write_file(root / "etc/hostname", std::string_view("me"));
    testing::write_file(root / "etc/hosts", std::string_view("10.0.0.1 db"));
    testing::write_file(root / "Dockerfile", std::string_view("FROM"));
    testing::write_file(root / ".dockerenv", std::string_view(""));
    testing::write_file(root / "dev/console", std::string_view(""));
    options_.rootfs = root;
    options_.command = {"/bin/app"};
    const BuildResult result = build();
    const Bytes file = output();
    const FileTree tree = tree_of(file);
    for (const char* gone : {"etc/hostname", "Dockerfile", ".dockerenv", "dev/console"})
        EXPECT_FALSE(tree.find(std::string("rootfs/") + gone)) << gone;
    EXPECT_THAT(content(tree, "rootfs/etc/hosts"), HasSubstr("127.0.0.1\tlocalhost\n"));
    EXPECT_EQ(tree.find("rootfs/etc/resolv.conf")->target, "/run/resolvconf/resolv.conf");
    EXPECT_EQ(tree.find("rootfs/etc/mtab")->target, "/proc/mounts");
    for (const char* folder : {"dev", "dev/pts", "dev/shm", "run", "sys", "var", "proc", "tmp"}) {
        const auto node = tree.find(std::string("rootfs/") + folder);
        ASSERT_TRUE(node) << folder;
        EXPECT_EQ(node->mode(), S_IFDIR | 0755u) << folder;
    }
    EXPECT_THAT(result.warnings, Contains(HasSubstr("/etc/hosts is replaced")));
    EXPECT_THAT(result.warnings, Contains(HasSubstr("/Dockerfile is left out")));
    EXPECT_EQ(content(tree, "env"), "");  // no ENV: an empty file, not none
}

TEST_F(Build, TheSameInputGivesTheSameBytesInAnotherFolder) {
    options_.rootfs = make_rootfs("one");
    options_.command = {"/bin/app"};
    build();
    const Bytes first = output();
    // Other names, other times, files made in another order, a copied kernel.
    const fs::path other = scratch_ / "deep/er/two";
    fs::create_directories(other / "etc");
    fs::create_symlink("bin/app", other / "run-me");
    testing::write_file(other / "etc/conf", std::string_view("a=b\n"));
    fs::permissions(other / "etc/conf", fs::perms(0640));
    fs::create_directories(other / "bin");
    testing::write_file(other / "bin/app", fake_program());
    fs::permissions(other / "bin/app", fs::perms(0755));
    fs::last_write_time(other / "etc/conf",
                        fs::file_time_type::clock::now() - std::chrono::hours(9999));
    testing::write_file(scratch_ / "deep/kernel-copy", fake_kernel());
    options_.rootfs = other;
    options_.kernel = scratch_ / "deep/kernel-copy";
    options_.output = scratch_ / "deep/other.eif";
    build();
    EXPECT_EQ(output(), first);
}

TEST_F(Build, ASignedImageIsTheSameEachTimeToo) {
    const testing::KeyPair pair = testing::make_key_pair(scratch_.path(), "secp384r1");
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    options_.private_key = pair.key.string();
    options_.signing_certificate = pair.certificate;
    const BuildResult result = build();
    const Bytes first = output();
    EXPECT_TRUE(result.pcrs.pcr8);
    build();
    EXPECT_EQ(output(), first);
    const Image image = Image::parse(first).value();
    EXPECT_TRUE(image.findings().empty());
    EXPECT_TRUE(describe(image, measure_content(image), SystemClock().now()).value().good);
    EXPECT_EQ(measure(image).value(), result.pcrs);
    // Signed at once or later: the same file.
    options_.private_key.reset();
    options_.signing_certificate.reset();
    build();
    ASSERT_TRUE(sign_file(options_.output,
                          SigningIdentity::load(pair.key.string(), pair.certificate).value()));
    EXPECT_EQ(output(), first);
}

TEST_F(Build, TheArchiveAndTheFolderMeasureTheSame) {
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/app"};
    options_.environment = {"PATH=/bin", "A=1"};
    const Measurements of_folder = build().pcrs;
    options_.rootfs.reset();
    options_.command.reset();
    options_.environment.clear();
    options_.image = make_archive({.layers = {make_layer()}});
    EXPECT_EQ(build().pcrs, of_folder);
    const Metadata metadata =
        Metadata::decode(Image::parse(output()).value().find(SectionType::metadata)->data).value();
    EXPECT_EQ(metadata.image_name, "host:5000/team/app");  // not cut at the port
    EXPECT_EQ(metadata.docker_info.at("Architecture"), boost::json::value("amd64"));
    EXPECT_EQ(metadata.kernel_version, "4.14.256");
    EXPECT_EQ(metadata.build_time, "2017-04-18T16:30:00+00:00");
}

TEST_F(Build, HardLinksBecomeRelativeSymbolicLinksOnBothRoutes) {
    const fs::path root = make_rootfs("rootfs");
    fs::create_hard_link(root / "bin/app", root / "etc/zz");
    fs::create_hard_link(root / "bin/app", root / "bin/app2");
    options_.rootfs = root;
    options_.command = {"/bin/app"};
    const BuildResult of_folder = build();
    EXPECT_THAT(of_folder.warnings,
                Contains(AllOf(HasSubstr("hard links become"), HasSubstr("/bin/app2, /etc/zz"))));
    const Bytes file = output();
    const FileTree tree = tree_of(file);
    EXPECT_EQ(tree.find("rootfs/bin/app")->type, NodeType::file);
    EXPECT_EQ(tree.find("rootfs/bin/app2")->target, "app");
    EXPECT_EQ(tree.find("rootfs/etc/zz")->target, "../bin/app");

    // In the archive another of the names is the file and stands last.
    const Bytes layer = TarBuilder()
                            .directory("bin")
                            .directory("etc")
                            .file("etc/zz", fake_program(), {.mode = 0755})
                            .hard_link("bin/app2", "etc/zz")
                            .hard_link("bin/app", "etc/zz")
                            .file("etc/conf", "a=b\n", {.mode = 0640})
                            .symlink("run-me", "bin/app")
                            .take();
    options_.rootfs.reset();
    options_.image = make_archive({.layers = {layer}, .run = ""});
    EXPECT_EQ(build().pcrs, of_folder.pcrs);
}

TEST_F(Build, OwnersComeFromTheArchiveAndFromAFolderOnlyIfWanted) {
    const Bytes layer = TarBuilder().file("app", "x", {.mode = 04755, .uid = 33, .gid = 44}).take();
    options_.image = make_archive({.layers = {layer}});
    build();
    const Bytes file = output();
    const FileTree tree = tree_of(file);
    EXPECT_EQ(tree.find("rootfs/app")->uid, 33u);
    EXPECT_EQ(tree.find("rootfs/app")->gid, 44u);
    EXPECT_EQ(tree.find("rootfs/app")->permissions, 04755u);

    options_.image.reset();
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    options_.keep_owners = true;
    build();
    EXPECT_EQ(tree_of(output()).find("rootfs/bin/app")->uid, ::getuid());
}

TEST_F(Build, TimesAreKeptIfWanted) {
    options_.image =
        make_archive({.layers = {TarBuilder().file("app", "x", {.mtime = 42}).take()}});
    options_.keep_times = true;
    options_.source_date = 1000;
    build();
    const Bytes file = output();
    const FileTree tree = tree_of(file);
    EXPECT_EQ(tree.find("rootfs/app")->mtime, 42);
    EXPECT_EQ(tree.find("cmd")->mtime, 1000);
    EXPECT_EQ(tree.find("rootfs/proc")->mtime, 1000);
    options_.keep_times = false;
    build();
    EXPECT_EQ(tree_of(output()).find("rootfs/app")->mtime, 1000);
}

TEST_F(Build, WhatAwsDropsSilentlyIsSaid) {
    options_.image = make_archive({.layers = {make_layer()},
                                   .run = R"("Entrypoint":["/bin/app"],"Cmd":["serve","a\nb",""],)"
                                          R"("WorkingDir":"/srv","User":"www")"});
    const auto warnings = build().warnings;
    EXPECT_THAT(warnings,
                Contains(HasSubstr(
                    R"(ENTRYPOINT ["/bin/app"] is dropped because CMD ["serve","a\nb",""])")));
    EXPECT_THAT(warnings, Contains(HasSubstr("WORKDIR /srv is ignored")));
    EXPECT_THAT(warnings, Contains(HasSubstr("USER www is ignored")));
    EXPECT_THAT(warnings, Contains(HasSubstr("holds a newline")));
    EXPECT_THAT(warnings, Contains(HasSubstr("an empty item")));
    EXPECT_EQ(content(tree_of(output()), "cmd"), "serve\na\nb\n\n");
}

TEST_F(Build, AProgramThatInitWillNotFindIsSaid) {
    const auto warnings_for = [&](const std::string& run) {
        const Bytes layer =
            TarBuilder()
                .file("usr/local/bin/tool", fake_program(), {.mode = 0755})
                .file("usr/bin/arm", fake_program(static_cast<char>(183)), {.mode = 0755})
                .file("tmp/t", fake_program(), {.mode = 0755})
                .file("data", "x", {.mode = 0644})
                .file("script", "#!/bin/nosh -x\n", {.mode = 0755})
                .symlink("bin", "usr/bin")
                .take();
        options_.image = make_archive({.layers = {layer}, .run = run});
        return build().warnings;
    };
    const std::string path = R"("Env":["PATH=/usr/local/bin:/bin"],)";
    EXPECT_THAT(warnings_for(path + R"("Cmd":["tool"])"),
                Contains(AllOf(HasSubstr("execvpe: tool: No such file"),
                               HasSubstr("never in the image's PATH"),
                               HasSubstr("write /usr/local/bin/tool in CMD"))));
    EXPECT_THAT(warnings_for(path + R"("Cmd":["/usr/local/bin/tool"])"),
                Each(HasSubstr("hides /tmp/t")));
    EXPECT_THAT(
        warnings_for(path + R"("Cmd":["./none"])"),
        Contains(AllOf(HasSubstr("./none is not in the image"), HasSubstr("WORKDIR is ignored"))));
    EXPECT_THAT(warnings_for(path + R"("Cmd":["/data"])"),
                Contains(HasSubstr("Permission denied")));
    EXPECT_THAT(warnings_for(path + R"("Cmd":["arm"])"),
                Contains(HasSubstr("/usr/bin/arm is for aarch64")));
    EXPECT_THAT(warnings_for(path + R"("Cmd":["/script"])"),
                Contains(HasSubstr("wants /bin/nosh")));
    EXPECT_THAT(warnings_for(path + R"("Cmd":["/tmp/t"])"),
                Contains(HasSubstr("will not be found")));
    EXPECT_THAT(warnings_for(path + R"("Cmd":[])"), Contains(HasSubstr("init runs \"sh\"")));
    EXPECT_THAT(warnings_for(R"("Env":["A=1"],"Cmd":["/script"])"), Contains(HasSubstr("no PATH")));
}

TEST_F(Build, LostCapabilitiesAreSaid) {
    options_.image = make_archive(
        {.layers = {TarBuilder()
                        .file("app", "x", {.mode = 0755, .xattr = "security.capability"})
                        .take()}});
    EXPECT_THAT(build().warnings,
                Contains(HasSubstr("capabilities are lost in an initramfs: /app")));
}

TEST_F(Build, CompiledPythonWithAnotherTimeIsSaid) {
    const std::string stale = std::string("\x6f\x0d\x0d\x0a\0\0\0\0\x01\0\0\0\x05\0\0\0", 16);
    const std::string unchecked = std::string("\x6f\x0d\x0d\x0a\x01\0\0\0\x01\0\0\0\x05\0\0\0", 16);
    options_.image = make_archive(
        {.layers = {
             TarBuilder().file("app", "x").file("a.pyc", stale).file("b.pyc", unchecked).take()}});
    EXPECT_THAT(build().warnings, Contains(AllOf(HasSubstr("/a.pyc"), Not(HasSubstr("/b.pyc")),
                                                 HasSubstr("--mtime keep"))));
    options_.keep_times = true;
    EXPECT_THAT(build().warnings, Not(Contains(HasSubstr(".pyc"))));
}

TEST_F(Build, AnImageWithoutCommandIsRefusedAsByAws) {
    options_.image = make_archive({.layers = {make_layer()}, .run = ""});
    EXPECT_THAT(refusal(), HasSubstr("UnsupportedEntryPoint"));
    EXPECT_FALSE(fs::exists(options_.output));
    options_.command = {"/bin/app"};
    EXPECT_EQ(refusal(), "");
}

TEST_F(Build, ArchitecturesAreToldFromImageInitOrKernelAndMustAgree) {
    options_.image = make_archive({.layers = {make_layer()}, .architecture = "arm64"});
    EXPECT_THAT(build().warnings, Contains(HasSubstr("is for x86_64, the image for aarch64")));
    EXPECT_EQ(Image::parse(output()).value().header().architecture(), Architecture::aarch64);
    options_.architecture = Architecture::x86_64;
    EXPECT_THAT(refusal(), HasSubstr("--arch x86_64, but the container image is for aarch64"));
    options_.image.reset();
    options_.architecture.reset();
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    testing::write_file(scratch_ / "init", std::string_view("#!/bin/sh"));
    testing::write_file(scratch_ / "kernel", std::string_view("K"));
    EXPECT_THAT(refusal(), HasSubstr("give --arch"));
    options_.architecture = Architecture::aarch64;
    EXPECT_THAT(build().warnings, Contains(HasSubstr("neither a bzImage")));
}

TEST_F(Build, AnInitThatIsNotAwssIsSaidAndNotJudgedByAwssRules) {
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"missing"};
    EXPECT_THAT(build().warnings, Contains(HasSubstr("init looks for \"missing\"")));
    options_.architecture = Architecture::x86_64;
    for (const std::string& init : {fake_program(), std::string("#!/rootfs/bin/sh\n")}) {
        testing::write_file(scratch_ / "init", init);
        EXPECT_THAT(build().warnings, ElementsAre(HasSubstr("is not AWS's init")));
    }
}

TEST_F(Build, BadInputLeavesTheOldOutputWhole) {
    testing::write_file(options_.output, std::string_view("old"));
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    testing::write_file(scratch_ / "custom.json", std::string_view("[1]"));
    options_.metadata = scratch_ / "custom.json";
    EXPECT_THAT(refusal(), HasSubstr("has to be a JSON object"));
    testing::write_file(scratch_ / "custom.json", "{\"a\":\"" + std::string(4096, 'x') + "\"}");
    EXPECT_THAT(refusal(), HasSubstr("4096 at most"));
    options_.metadata.reset();
    options_.rootfs = scratch_ / "nowhere";
    EXPECT_THAT(refusal(), HasSubstr("nowhere can't be read"));
    options_.rootfs.reset();
    EXPECT_THAT(refusal(), HasSubstr("either a folder"));
    options_.image = scratch_.path();
    EXPECT_THAT(refusal(), HasSubstr("is a folder"));
    options_.image = scratch_ / "kernel";
    EXPECT_NE(refusal(), "");
    EXPECT_EQ(as_text(output()), "old");
    // Nothing lies about but what this test made.
    for (const auto& entry : fs::directory_iterator(scratch_.path()))
        EXPECT_NE(entry.path().filename().string().front(), '.') << entry.path();
}

TEST_F(Build, WhatExistsAndIsNoFileIsNotReplaced) {
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    fs::create_directory(scratch_ / "folder");
    options_.output = scratch_ / "folder";
    EXPECT_THAT(refusal(), HasSubstr("is not a regular file"));
    ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
    options_.output = scratch_ / "fifo";
    EXPECT_THAT(refusal(), HasSubstr("is not a regular file"));
    // A link stays a link.
    fs::create_symlink("real.eif", scratch_ / "link.eif");
    options_.output = scratch_ / "link.eif";
    build();
    EXPECT_TRUE(fs::is_symlink(scratch_ / "link.eif"));
    EXPECT_TRUE(Image::parse(testing::read_file(scratch_ / "real.eif")));
}

TEST_F(Build, SocketsAndDevicesOfAFolder) {
    const fs::path root = make_rootfs("rootfs");
    ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
    ASSERT_EQ(::mknod((root / "socket").c_str(), S_IFSOCK | 0600, 0), 0);
    options_.rootfs = root;
    options_.command = {"/bin/app"};
    EXPECT_THAT(build().warnings, Contains("/socket is a socket and is left out"));
    EXPECT_EQ(tree_of(output()).find("rootfs/pipe")->type, NodeType::fifo);
    EXPECT_FALSE(tree_of(output()).find("rootfs/socket"));
}

TEST_F(Build, CustomMetadataIsSplicedInByDescribe) {
    options_.rootfs = make_rootfs("rootfs");
    options_.command = {"/bin/app"};
    options_.name = "n";
    options_.version = "v";
    testing::write_file(scratch_ / "custom.json",
                        std::string_view(R"({"z":1.5,"a":{"y":[],"x":1e300}})"));
    options_.metadata = scratch_ / "custom.json";
    build();
    const Bytes file = output();
    const Image image = Image::parse(file).value();
    EXPECT_THAT(
        std::string(as_text(image.find(SectionType::metadata)->data)),
        HasSubstr(R"("DockerInfo":null,"CustomMetadata":{"a":{"x":1e+300,"y":[]},"z":1.5}})"));
    const auto json = describe(image, measure_content(image), TimePoint{}).value().json;
    EXPECT_EQ(json.at("ImageName"), boost::json::value("n"));
    EXPECT_EQ(json.at("Metadata").at("z"), boost::json::value(1.5));
}

TEST(ParseCommand, WordsQuotesAndArrays) {
    EXPECT_THAT(parse_command("  /app --port\t5005 ").value(),
                ElementsAre("/app", "--port", "5005"));
    EXPECT_THAT(parse_command(R"(sh -c 'echo "a  b"' "x\"y" a\ b "" "\d")").value(),
                ElementsAre("sh", "-c", "echo \"a  b\"", "x\"y", "a b", "", "\\d"));
    EXPECT_THAT(parse_command(R"(["/app", "a b"])").value(), ElementsAre("/app", "a b"));
    EXPECT_THAT(parse_command("$HOME *").value(), ElementsAre("$HOME", "*"));
    for (const char* wrong : {"", "  ", "[1]", "[\"a\"", "'open", "\"open"})
        EXPECT_FALSE(parse_command(wrong)) << wrong;
}

}  // namespace
}  // namespace glovebox::eif
