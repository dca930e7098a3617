// SPDX-License-Identifier: Apache-2.0

// A file of JSON objects, one a line, that is only appended to: the trace and the access log.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/base/error.h"
#include "core/base/line_file.h"

namespace glovebox::kms {

class JsonLines {
  public:
    // Opened for appending, made with mode 0600.
    [[nodiscard]] static Result<JsonLines> open(const std::string& file);

    // Safe from any thread. A line that can't be written whole is not written at all; the error is
    // errno's.
    [[nodiscard]] Result<void> append(const boost::json::object& line);

  private:
    explicit JsonLines(LineFile file) : file_(std::move(file)) {}

    LineFile file_;
};

}  // namespace glovebox::kms
