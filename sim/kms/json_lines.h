// SPDX-License-Identifier: Apache-2.0

// A file of JSON objects, one a line, that is only appended to: the trace and the access log of
// KMS.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/base/error.h"
#include "core/base/line_file.h"

namespace glovebox::kms {

class JsonLines {
  public:
    // Opens the file for appending; creates it with mode 0600 if it is missing.
    [[nodiscard]] static Result<JsonLines> open(const std::string& file);

    // Appends one line. May be called from any thread. A line that cannot be written as a whole is
    // not written at all; the error has the errno.
    [[nodiscard]] Result<void> append(const boost::json::object& line);

  private:
    explicit JsonLines(LineFile file) : file_(std::move(file)) {}

    LineFile file_;
};

}  // namespace glovebox::kms
