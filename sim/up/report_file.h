// SPDX-License-Identifier: Apache-2.0

// A file that a report of a run goes to. Opened, and emptied, before the run, so that a name that
// can't be written to is an error then. It has the whole report or stays empty.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::up {

class ReportFile {
  public:
    // The errors of both name the option, "--record", and the file.
    [[nodiscard]] static Result<ReportFile> open(const std::string& option,
                                                 const std::string& name);
    [[nodiscard]] Result<void> write(std::string_view text);

  private:
    ReportFile(std::string option, std::string name, UniqueFd file)
        : option_(std::move(option)), name_(std::move(name)), file_(std::move(file)) {}
    std::string option_;
    std::string name_;
    UniqueFd file_;
};

}  // namespace glovebox::up
