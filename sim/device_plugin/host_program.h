// SPDX-License-Identifier: Apache-2.0

// The static program that containers are given: a copy of the plugin's own, in a folder of the
// node.
//
// Every container of the node with one of the devices runs this file, so only root may change it:
// the folder and the file belong to the plugin's user, and nobody else may write to them. A
// container that was started before keeps the file that it has: a new copy is a new file.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::device_plugin {

// A program that runs in any container.
class StaticProgram {
  public:
    // Errors: EINVAL if the program needs a loader or libraries, which containers may lack;
    // errno's.
    [[nodiscard]] static Result<StaticProgram> open(const std::filesystem::path& path);

    [[nodiscard]] int fd() const { return file_.get(); }

  private:
    explicit StaticProgram(UniqueFd file) : file_(std::move(file)) {}

    UniqueFd file_;
};

class HostProgram {
  public:
    explicit HostProgram(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "glovebox"; }

    // Copies the program there, and makes the folder if it is missing (its parent exists). Errors:
    // EPERM if somebody else can write to the folder; errno's.
    [[nodiscard]] Result<void> install(const StaticProgram& program) const;

    // Whether containers can be given the copy. Errors say what is wrong with it.
    [[nodiscard]] Result<void> check() const;

  private:
    std::filesystem::path folder_;
};

}  // namespace glovebox::device_plugin
