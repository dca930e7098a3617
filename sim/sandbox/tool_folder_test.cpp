// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/tool_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ToolFolder : public testing::Test {
  protected:
    // Makes a file with the folders above it, and returns its path.
    std::string make(const std::string& name, const std::string& text = "") const {
        const fs::path path = fs::path(home) / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return path.string();
    }
    std::vector<std::string> folders(const std::string& path) const {
        return tool_folders_of(path, {home});
    }

    TemporaryDirectory directory;
    std::string home = fs::canonical(directory.path()).string();
};

TEST_F(ToolFolder, AProgramBringsItsPrefix) {
    EXPECT_THAT(folders(make(".nvm/versions/node/v20/bin/node")),
                ElementsAre(home + "/.nvm/versions/node/v20"));
    EXPECT_THAT(folders(make(".pyenv/shims/python3")), ElementsAre(home + "/.pyenv"));
    EXPECT_THAT(folders(make("miniconda3/bin/python")), ElementsAre(home + "/miniconda3"));
}

TEST_F(ToolFolder, WhatKeepsOtherThingsTooIsShownInPart) {
    make(".local/lib/python3.11/site-packages/a.py");
    make(".local/share/keyrings/login.keyring");
    EXPECT_THAT(folders(make(".local/bin/tool")),
                ElementsAre(home + "/.local/bin", home + "/.local/lib"));
    EXPECT_THAT(folders(make(".cargo/bin/tool")), ElementsAre(home + "/.cargo/bin"));
    make("lib/notes");
    EXPECT_THAT(folders(make("bin/tool")), ElementsAre(home + "/bin"));
}

TEST_F(ToolFolder, AProgramInNoBinFolderBringsNone) {
    EXPECT_THAT(folders(make("tool")), IsEmpty());
    EXPECT_THAT(folders(make("project/tool")), IsEmpty());
}

TEST_F(ToolFolder, AVirtualEnvironmentBringsTheBaseItWasMadeWith) {
    const std::string base = make(".pyenv/versions/3.11.7/bin/python3");
    make(".venv/pyvenv.cfg", "include-system-site-packages = false\nhome = " +
                                 fs::path(base).parent_path().string() + "\n");
    EXPECT_THAT(folders(make(".venv/bin/python3")),
                ElementsAre(home + "/.venv", home + "/.pyenv/versions/3.11.7"));
}

TEST_F(ToolFolder, LinksAreFollowedOneByOne) {
    const std::string real = make("versions/3.12/bin/python3.12");
    make("app/.venv/bin/activate");
    const std::string bin = home + "/app/.venv/bin";
    fs::create_symlink(real, bin + "/python");
    fs::create_symlink("python", bin + "/python3");
    fs::create_directory_symlink(home + "/app", home + "/current");
    EXPECT_THAT(
        links_of(home + "/current/.venv/bin/python3"),
        ElementsAre(home + "/current/.venv/bin/python3", bin + "/python3", bin + "/python", real));
    fs::create_symlink("circle", bin + "/circle");
    EXPECT_THAT(links_of(bin + "/circle"), ElementsAre(bin + "/circle"));
}

}  // namespace
}  // namespace glovebox::sandbox
