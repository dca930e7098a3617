// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/file_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FileTree::NodePtr node(NodeType type, std::string target = {}) {
    auto made = std::make_shared<Node>();
    made->type = type;
    made->target = std::move(target);
    return made;
}

std::vector<std::string> all_paths(const FileTree& tree) {
    std::vector<std::string> found;
    for (const auto& [path, each] : tree.entries())
        found.push_back(path);
    return found;
}

TEST(CanonicalPath, BlanksDotsAndSlashesFallAway) {
    EXPECT_EQ(canonical_path("./usr//bin/./env/").value(), "usr/bin/env");
    EXPECT_EQ(canonical_path("/etc/passwd").value(), "etc/passwd");
    EXPECT_EQ(canonical_path("///").value(), "");
    EXPECT_EQ(canonical_path(".").value(), "");
    EXPECT_EQ(canonical_path("a/...").value(), "a/...");
}

TEST(CanonicalPath, WhatLeadsOutOrIsTooLongIsRefused) {
    for (const std::string& path :
         {std::string("../etc"), std::string("a/../../b"), std::string("/.."), std::string("a/.."),
          std::string("a\0b", 3), std::string(256, 'a'), [] {
              std::string deep;
              for (int i = 0; i < 2001; ++i)
                  deep += "a/";
              return deep;
          }()})
        EXPECT_EQ(canonical_path(path).error().code, EifError::unsafe_path);
}

TEST(FileTree, ParentsAreMadeAndComeBeforeTheirChildren) {
    FileTree tree;
    ASSERT_TRUE(tree.put("a/b/c", node(NodeType::file)));
    ASSERT_TRUE(tree.put("a-b", node(NodeType::file)));
    EXPECT_THAT(all_paths(tree), ElementsAre("a", "a-b", "a/b", "a/b/c"));
    EXPECT_TRUE(tree.find("a/b")->implied);
    EXPECT_EQ(tree.find("a/b")->permissions, 0755u);
}

TEST(FileTree, ALinkOnTheWayIsFollowedInsideTheTree) {
    FileTree tree;
    ASSERT_TRUE(tree.put("lib", node(NodeType::symlink, "usr/lib")));
    ASSERT_TRUE(tree.put("out", node(NodeType::symlink, "/../../..//etc")));
    ASSERT_TRUE(tree.put("lib/x", node(NodeType::file)));
    ASSERT_TRUE(tree.put("out/passwd", node(NodeType::file)));
    EXPECT_THAT(all_paths(tree),
                ElementsAre("etc", "etc/passwd", "lib", "out", "usr", "usr/lib", "usr/lib/x"));
}

TEST(FileTree, ALoopOfLinksIsAnError) {
    FileTree tree;
    ASSERT_TRUE(tree.put("a", node(NodeType::symlink, "b")));
    ASSERT_TRUE(tree.put("b", node(NodeType::symlink, "a")));
    EXPECT_EQ(tree.put("a/x", node(NodeType::file)).error().code, EifError::unsafe_path);
    EXPECT_FALSE(tree.resolve("a/x"));
}

TEST(FileTree, LinksThatMakeAPathTooLongAreAnError) {
    FileTree tree;
    std::string folders;
    for (int i = 0; i < 500; ++i)
        folders += "d/";
    for (int i = 0; i < 3; ++i)
        folders += folders;
    ASSERT_TRUE(tree.put("b", node(NodeType::symlink, folders)));
    EXPECT_EQ(tree.put("b/x", node(NodeType::file)).error().code, EifError::unsafe_path);
}

TEST(FileTree, AFileOnTheWayIsAnError) {
    FileTree tree;
    ASSERT_TRUE(tree.put("a", node(NodeType::file)));
    EXPECT_THAT(tree.put("a/b", node(NodeType::file)).error().message,
                HasSubstr("a on its way is a file, not a directory"));
}

TEST(FileTree, ADirectoryOverADirectoryKeepsItsChildrenAndAFileDoesNot) {
    FileTree tree;
    ASSERT_TRUE(tree.put("a/b", node(NodeType::file)));
    ASSERT_TRUE(tree.put("a", node(NodeType::directory)));
    EXPECT_THAT(all_paths(tree), ElementsAre("a", "a/b"));
    ASSERT_TRUE(tree.put("a", node(NodeType::file)));
    EXPECT_THAT(all_paths(tree), ElementsAre("a"));
}

TEST(FileTree, RemovingTakesWhatIsBelowAndNothingElse) {
    FileTree tree;
    for (const char* path : {"a", "a-b", "a/b", "a/b/c", "a0", "ab"})
        ASSERT_TRUE(
            tree.put(path, node(std::string_view(path) == "a" || std::string_view(path) == "a/b"
                                    ? NodeType::directory
                                    : NodeType::file)));
    tree.remove("a");
    EXPECT_THAT(all_paths(tree), ElementsAre("a-b", "a0", "ab"));
}

TEST(FileTree, ResolveFollowsLinksAndLocateNotTheLast) {
    FileTree tree;
    ASSERT_TRUE(tree.put("usr/bin/sh", node(NodeType::symlink, "../../opt/busybox")));
    ASSERT_TRUE(tree.put("opt/busybox", node(NodeType::file)));
    ASSERT_TRUE(tree.put("bin", node(NodeType::symlink, "usr/bin")));
    EXPECT_EQ(tree.resolve("/bin/sh"), "opt/busybox");
    EXPECT_EQ(tree.locate("bin/sh")->type, NodeType::symlink);
    EXPECT_EQ(tree.resolve("/"), "");
    EXPECT_FALSE(tree.resolve("/bin/none"));
    EXPECT_FALSE(tree.resolve("/opt/busybox/x"));
}

TEST(RelativeTo, NamesOnePathFromAnothersFolder) {
    EXPECT_EQ(relative_to("usr/bin/a", "usr/bin/b"), "a");
    EXPECT_EQ(relative_to("usr/lib/x/a", "usr/bin/b"), "../lib/x/a");
    EXPECT_EQ(relative_to("a", "usr/bin/b"), "../../a");
    EXPECT_EQ(relative_to("usr/a", "b"), "usr/a");
}

TEST(TreeBudget, EachLimitIsKept) {
    TreeBudget budget({.entries_max = 2, .content_max = 10, .names_max = 5});
    EXPECT_TRUE(budget.spend_content(10));
    EXPECT_EQ(budget.spend_content(1).error().code, EifError::limit_exceeded);
    EXPECT_EQ(budget.spend_content(~std::uint64_t{0}).error().code, EifError::limit_exceeded);
    EXPECT_TRUE(budget.spend_entry("abc"));
    EXPECT_THAT(budget.spend_entry("abc").error().message,
                HasSubstr("paths and link targets of more than 5"));
    EXPECT_THAT(budget.spend_entry("").error().message, HasSubstr("more than 2 files"));
}

// One name of 4000 bytes stands for two thousand directories with paths of 2000 bytes.
TEST(TreeBudget, ParentsThatAreMadeAreSpentToo) {
    TreeBudget budget({.names_max = 1 << 20});
    FileTree tree;
    std::string deep;
    for (int i = 0; i < 1999; ++i)
        deep += "a/";
    EXPECT_EQ(tree.put(deep + "x", node(NodeType::file), &budget).error().code,
              EifError::limit_exceeded);
}

}  // namespace
}  // namespace glovebox::eif
