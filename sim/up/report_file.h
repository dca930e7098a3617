// SPDX-License-Identifier: Apache-2.0

// A file that a report of a run goes to. Opened, and emptied, before the run, so that a name that
// can't be written to is an error then.
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
    ReportFile(std::string name, UniqueFd file) : name_(std::move(name)), file_(std::move(file)) {}
    std::string name_;  // with the option
    UniqueFd file_;
};

}  // namespace glovebox::up
