// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/archive/image_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/base/testing/temporary_directory.h"
#include "core/crypto/hash.h"
#include "sim/eif/base/error.h"
#include "sim/eif/testing/archive_fixture.h"
#include "sim/eif/testing/test_support.h"
#include "sim/eif/tree/archive_reader.h"

namespace glovebox::eif {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::docker_archive;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ImageSpec;
using ::testing::Not;
using testing::oci_archive;
using testing::TarBuilder;

Result<ContainerImage> read(const Bytes& archive, const ArchiveOptions& options = {}) {
    const TemporaryDirectory scratch;
    Spool spool(scratch.path());
    std::vector<std::string> warnings;
    return read_image_archive(
        [&archive]() -> Result<std::unique_ptr<ByteSource>> {
            return std::unique_ptr<ByteSource>(std::make_unique<MemorySource>(archive));
        },
        options, spool, warnings);
}

std::string refusal(const Bytes& archive, const ArchiveOptions& options = {}) {
    const auto image = read(archive, options);
    return image ? std::string() : image.error().message;
}

std::vector<std::string> paths(const FileTree& tree) {
    std::vector<std::string> found;
    for (const auto& [path, node] : tree.entries())
        found.push_back(path);
    return found;
}

std::string content(const FileTree& tree, const std::string& path) {
    const auto node = tree.find(path);
    if (!node)
        return "(absent)";
    const auto bytes = node->content.head(1 << 20, path).value();
    return std::string(as_text(bytes));
}

FileTree tree_of(std::vector<Bytes> layers) {
    return read(docker_archive({.layers = std::move(layers)})).value().root;
}

class ArchiveForm : public ::testing::TestWithParam<std::tuple<bool, bool, bool>> {
  protected:
    static Bytes make(ImageSpec spec) {
        const auto [oci, compress_layers, compress_all] = GetParam();
        spec.compress_layers = compress_layers;
        Bytes archive = oci ? oci_archive(spec) : docker_archive(spec);
        if (!compress_all)
            return archive;
        const std::string packed = testing::gzip(archive);
        return {packed.begin(), packed.end()};
    }
};

TEST_P(ArchiveForm, GivesTheSameImage) {
    const Bytes lower = TarBuilder().directory("etc").file("etc/a", "1").file("app", "old").take();
    const Bytes upper =
        TarBuilder().file("app", "new", {.mode = 0755, .uid = 33, .gid = 44, .mtime = 99}).take();
    const ContainerImage image = read(make({.layers = {lower, upper}})).value();
    EXPECT_THAT(paths(image.root), ElementsAre("app", "etc", "etc/a"));
    EXPECT_EQ(content(image.root, "app"), "new");
    const auto app = image.root.find("app");
    EXPECT_EQ(app->permissions, 0755u);
    EXPECT_EQ(app->uid, 33u);
    EXPECT_EQ(app->gid, 44u);
    EXPECT_EQ(app->mtime, 99);
    EXPECT_EQ(image.config.cmd, std::vector<std::string>{"/app"});
    EXPECT_EQ(image.config.env, (std::vector<std::string>{"PATH=/bin", "A=1"}));
    EXPECT_FALSE(image.config.entrypoint);
    EXPECT_EQ(image.config.eif_architecture().value(), Architecture::x86_64);
    EXPECT_EQ(image.id.size(), 64u);
    EXPECT_EQ(image.docker_info().at("Id"), boost::json::value("sha256:" + image.id));
    EXPECT_EQ(image.repo_tags.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Forms, ArchiveForm,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                                            ::testing::Bool()));

TEST(Layers, AWhiteoutRemovesWhatIsBelowWithAllInIt) {
    const FileTree tree =
        tree_of({TarBuilder().file("a/x", "").file("a/y", "").file("ab", "").file("b", "").take(),
                 TarBuilder().file(".wh.a", "").file(".wh.none", "").take()});
    EXPECT_THAT(paths(tree), ElementsAre("ab", "b"));
}

TEST(Layers, AWhiteoutSparesWhatItsOwnLayerBrings) {
    const FileTree tree = tree_of({TarBuilder().file("a/x", "old").file("a/y", "").take(),
                                   TarBuilder().file("a/z", "new").file(".wh.a", "").take()});
    EXPECT_THAT(paths(tree), ElementsAre("a", "a/z"));
}

TEST(Layers, AnOpaqueFolderKeepsOnlyItsOwnLayersEntriesWhereverTheMarkStands) {
    const Bytes lower = TarBuilder().file("a/x", "").file("a/b/y", "").file("c", "").take();
    for (const bool first : {true, false}) {
        TarBuilder upper;
        if (first)
            upper.file("a/.wh..wh..opq", "");
        upper.file("a/new", "");
        if (!first)
            upper.file("a/.wh..wh..opq", "");
        EXPECT_THAT(paths(tree_of({lower, upper.take()})), ElementsAre("a", "a/new", "c"));
    }
}

TEST(Layers, OtherMarksOfAufsMeanNothing) {
    const FileTree tree =
        tree_of({TarBuilder().file("a", "").take(),
                 TarBuilder().directory(".wh..wh.plnk").file(".wh..wh.aufs", "").take()});
    EXPECT_THAT(paths(tree), ElementsAre("a"));
}

TEST(Layers, AFileOverAFolderReplacesItAndTheReverse) {
    const FileTree tree = tree_of({TarBuilder().file("a/x", "").file("b", "").take(),
                                   TarBuilder().file("a", "file").file("b/y", "").take()});
    EXPECT_THAT(paths(tree), ElementsAre("a", "b", "b/y"));
    EXPECT_EQ(content(tree, "a"), "file");
}

TEST(Layers, AFolderOverALinkReplacesTheLink) {
    const FileTree tree = tree_of(
        {TarBuilder().directory("usr").file("usr/bin/a", "").symlink("bin", "usr/bin").take(),
         TarBuilder().file("bin/b", "").take()});
    EXPECT_EQ(tree.find("bin")->type, NodeType::directory);
    EXPECT_THAT(paths(tree), ElementsAre("bin", "bin/b", "usr", "usr/bin", "usr/bin/a"));
}

TEST(Layers, AParentThatIsNotListedKeepsItsAttributes) {
    const FileTree tree = tree_of({TarBuilder().directory("home", 0700, 1000).take(),
                                   TarBuilder().file("home/x", "").take()});
    EXPECT_EQ(tree.find("home")->permissions, 0700u);
    EXPECT_EQ(tree.find("home")->uid, 1000u);
}

TEST(Layers, HardLinksShareANodeWithinAndAcrossLayers) {
    const FileTree tree = tree_of({TarBuilder().file("a", "x").hard_link("b", "a").take(),
                                   TarBuilder().hard_link("sub/c", "/a").take()});
    EXPECT_EQ(tree.find("a"), tree.find("b"));
    EXPECT_EQ(tree.find("a"), tree.find("sub/c"));
}

TEST(Layers, AHardLinkToNothingIsRefused) {
    EXPECT_THAT(refusal(docker_archive({.layers = {TarBuilder().hard_link("b", "none").take()}})),
                HasSubstr("b: a hard link to none, which is not a file"));
    EXPECT_THAT(
        refusal(docker_archive({.layers = {TarBuilder().hard_link("b", "../etc/x").take()}})),
        HasSubstr("\"..\" would lead out"));
}

TEST(Layers, DevicesAndCapabilitiesAreKeptInTheModel) {
    const FileTree tree = tree_of({TarBuilder()
                                       .device("dev/null", 1, 3)
                                       .file("ping", "", {.xattr = "security.capability"})
                                       .file("other", "", {.xattr = "user.x"})
                                       .take()});
    EXPECT_EQ(tree.find("dev/null")->type, NodeType::character_device);
    EXPECT_EQ(tree.find("dev/null")->device_minor, 3u);
    EXPECT_TRUE(tree.find("ping")->has_capabilities);
    EXPECT_FALSE(tree.find("other")->has_capabilities);
}

// Names are bytes. In pax archives they are UTF-8, whatever the locale of this process.
TEST(Layers, NamesBeyondAsciiAndBeyond100BytesSurvive) {
    const std::string umlaut =
        "gr\xc3\xbc\xc3\x9f"
        "e";
    const std::string latin = "caf\xe9";
    const std::string longer(200, 'n');
    const FileTree tree = tree_of({TarBuilder()
                                       .file(umlaut, "1")
                                       .file(latin, "2")
                                       .file("d/" + longer, "3")
                                       .symlink("l", umlaut)
                                       .take()});
    EXPECT_EQ(content(tree, umlaut), "1");
    EXPECT_EQ(content(tree, latin), "2");
    EXPECT_EQ(content(tree, "d/" + longer), "3");
    EXPECT_EQ(tree.find("l")->target, umlaut);
}

TEST(Layers, NothingLeadsOutOfTheTree) {
    EXPECT_THAT(refusal(docker_archive({.layers = {TarBuilder().file("../x", "").take()}})),
                AllOf(HasSubstr("layer0/layer.tar"), HasSubstr("\"..\" would lead out")));
    EXPECT_THAT(refusal(docker_archive({.layers = {TarBuilder().file("a/.wh...", "").take()}})),
                HasSubstr("a whiteout of no name"));
    const FileTree tree = tree_of({TarBuilder()
                                       .file("/etc/passwd", "absolute")
                                       .symlink("out", "/../../root")
                                       .file("out/x", "through a link")
                                       .take()});
    EXPECT_EQ(content(tree, "etc/passwd"), "absolute");
    EXPECT_EQ(content(tree, "root/x"), "through a link");
}

TEST(Layers, ABombEndsAtTheLimit) {
    const std::string zeroes(16 << 20, '\0');
    const ImageSpec spec{.layers = {TarBuilder().file("zeroes", zeroes).take()},
                         .compress_layers = true};
    const Bytes bomb = docker_archive(spec);
    EXPECT_LT(bomb.size(), 40'000u);
    const auto image = read(bomb, {.architecture = {}, .limits = {.content_max = 1 << 20}});
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, EifError::limit_exceeded);
    EXPECT_THAT(image.error().message, HasSubstr("zeroes"));
}

TEST(Layers, LinkTargetsCountAsNamesAndHaveTheKernelsLimit) {
    const Bytes longest = TarBuilder().symlink("a", std::string(4096, 'x')).take();
    EXPECT_TRUE(read(docker_archive({.layers = {longest}})));
    const auto image = read(docker_archive({.layers = {longest}}),
                            {.architecture = {}, .limits = {.names_max = 4000}});
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, EifError::limit_exceeded);
    EXPECT_THAT(refusal(docker_archive(
                    {.layers = {TarBuilder().symlink("a", std::string(4097, 'x')).take()}})),
                HasSubstr("a symbolic link to a path of 4097 bytes"));
}

TEST(Layers, TooManyEntriesEndAtTheLimit) {
    TarBuilder tar;
    for (int i = 0; i < 50; ++i)
        tar.directory("d" + std::to_string(i));
    const auto image = read(docker_archive({.layers = {tar.take()}}),
                            {.architecture = {}, .limits = {.entries_max = 49}});
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, EifError::limit_exceeded);
}

TEST(ImageArchive, DamageIsFoundByTheDigests) {
    const ImageSpec spec{.layers = {TarBuilder().file("a", "content").take()}};
    Bytes docker = docker_archive(spec);
    const std::string_view text = as_text(docker);
    docker[text.find("content")] = 'C';
    EXPECT_THAT(refusal(docker), AllOf(HasSubstr("layer0/layer.tar"), HasSubstr("is damaged")));
    Bytes oci = oci_archive(spec);
    oci[as_text(oci).find("content")] = 'C';
    EXPECT_THAT(refusal(oci), HasSubstr("is damaged: its SHA-256 is"));
    Bytes config = oci_archive(spec);
    config[as_text(config).find("A=1")] = 'B';
    EXPECT_THAT(refusal(config), HasSubstr("is damaged"));
}

TEST(ImageArchive, WhatIsNoImageIsToldWithTheWayOut) {
    EXPECT_THAT(refusal(TarBuilder().file("a", "b").take()), HasSubstr("docker save"));
    EXPECT_THAT(refusal(Bytes{'n', 'o', 't', 'a', 'r'}),
                AllOf(HasSubstr("docker save IMAGE"), Not(HasSubstr("manifest"))));
    EXPECT_FALSE(read(Bytes{}));
    EXPECT_FALSE(read(Bytes(1 << 16, 0xff)));
    EXPECT_THAT(refusal(TarBuilder().file("manifest.json", "[]").take()),
                HasSubstr("an array of images"));
    EXPECT_THAT(refusal(TarBuilder().file("manifest.json", "[{},{}]").take()),
                HasSubstr("holds 2 images"));
    EXPECT_THAT(
        refusal(
            TarBuilder().file("manifest.json", R"([{"Config":"c.json","Layers":["l"]}])").take()),
        HasSubstr("c.json is not in the archive"));
}

TEST(ImageArchive, EveryTruncationIsAnError) {
    const Bytes whole =
        docker_archive({.layers = {TarBuilder().directory("etc").file("etc/a", "1").take()}});
    for (std::size_t size = 0; size + 1024 < whole.size(); size += 37)
        EXPECT_FALSE(read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))))
            << size;
}

// docker save of old linked equal layers to each other.
TEST(ImageArchive, ALinkedLayerIsRead) {
    const Bytes layer = TarBuilder().file("a", "1").take();
    const std::string digest = sha256_hex(layer);
    const std::string config =
        R"({"architecture":"arm64","config":{"Entrypoint":["/a"]},"rootfs":{"diff_ids":["sha256:)" +
        digest + R"(","sha256:)" + digest + R"("]}})";
    const Bytes archive =
        TarBuilder()
            .file("one/layer.tar", as_text(layer))
            .symlink("two/layer.tar", "../one/layer.tar")
            .file("c.json", config)
            .file("manifest.json",
                  R"([{"Config":"c.json","Layers":["one/layer.tar","two/layer.tar"]}])")
            .take();
    const ContainerImage image = read(archive).value();
    EXPECT_THAT(paths(image.root), ElementsAre("a"));
    EXPECT_EQ(image.config.eif_architecture().value(), Architecture::aarch64);
}

TEST(ImageArchive, AmongPlatformsTheArchitectureChooses) {
    const auto manifest_of = [](const Bytes& archive) {
        // index.json's only descriptor, with braces.
        const std::string_view text = as_text(archive);
        const std::size_t begin = text.find("{\"digest\"", text.find("\"manifests\""));
        return std::string(text.substr(begin, text.find(",\"annotations\"", begin) - begin));
    };
    const ImageSpec intel{.layers = {TarBuilder().file("a", "intel").take()}};
    const ImageSpec arm{.layers = {TarBuilder().file("a", "arm").take()}, .architecture = "arm64"};
    // One archive with the blobs of both and a common index.
    std::map<std::string, std::string> blobs;
    const Bytes of_arm = oci_archive(arm);
    {
        MemorySource source(of_arm);
        const auto reader = TarReader::open(source).value();
        for (auto entry = reader->next().value(); entry; entry = reader->next().value()) {
            Bytes bytes(entry->size);
            ASSERT_TRUE(read_full(reader->content(), bytes));
            if (entry->path.starts_with("blobs/"))
                blobs[entry->path] = as_text(bytes);
        }
    }
    blobs["index.json"] =
        R"({"manifests":[)" + manifest_of(oci_archive(intel)) +
        R"(,"platform":{"os":"linux","architecture":"amd64"}},)" + manifest_of(of_arm) +
        R"(,"platform":{"os":"linux","architecture":"arm64"}},)"
        R"({"digest":"sha256:0","platform":{"os":"unknown","architecture":"unknown"}}]})";
    const Bytes both = oci_archive(intel, blobs);
    EXPECT_THAT(refusal(both),
                AllOf(HasSubstr("holds 2 images (linux/amd64, linux/arm64)"), HasSubstr("--arch")));
    EXPECT_EQ(
        content(read(both, {.architecture = Architecture::x86_64, .limits = {}}).value().root, "a"),
        "intel");
    EXPECT_EQ(
        content(read(both, {.architecture = Architecture::aarch64, .limits = {}}).value().root,
                "a"),
        "arm");
}

TEST(ContainerConfig, SetAndEmptyAreNotTheSame) {
    const ContainerConfig config =
        ContainerConfig::parse(R"({"architecture":"amd64","config":{"Cmd":[],"Entrypoint":null},)"
                               R"("rootfs":{"diff_ids":[]}})")
            .value();
    EXPECT_EQ(config.cmd, std::vector<std::string>());
    EXPECT_FALSE(config.entrypoint);
    EXPECT_FALSE(config.env);
}

TEST(ContainerConfig, WrongTypesAndOtherProcessorsAreRefused) {
    EXPECT_THAT(ContainerConfig::parse(R"({"config":{"Cmd":"sh"},"rootfs":{}})").error().message,
                HasSubstr("\"Cmd\" is not an array"));
    EXPECT_THAT(ContainerConfig::parse(R"({"config":{"Cmd":[1]},"rootfs":{}})").error().message,
                HasSubstr("\"Cmd\" is not an array"));
    EXPECT_THAT(ContainerConfig::parse("[]").error().message, HasSubstr("not a JSON object"));
    EXPECT_THAT(ContainerConfig::parse("{}").error().message, HasSubstr("rootfs"));
    EXPECT_THAT(ContainerConfig::parse(R"({"architecture":"riscv64","rootfs":{}})")
                    .value()
                    .eif_architecture()
                    .error()
                    .message,
                HasSubstr("riscv64"));
}

}  // namespace
}  // namespace glovebox::eif
