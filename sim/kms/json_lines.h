// A file of JSON objects, one a line, that is only appended to: the trace and the access log.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::kms {

class JsonLines {
  public:
    // Opened for appending, made with mode 0600.
    [[nodiscard]] static Result<JsonLines> open(const std::string& file);

    // One write a line, so that several writers don't mix. Safe from any thread. False when it
    // could not be written whole.
    bool append(const boost::json::object& line);

  private:
    explicit JsonLines(UniqueFd file) : file_(std::move(file)) {}

    UniqueFd file_;
};

}  // namespace glovebox::kms
