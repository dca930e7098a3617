// SPDX-License-Identifier: Apache-2.0

// The names that the TLS servers of a world serve, and where. A proxy of the world connects to
// them there, as DNS would lead it to AWS.
//
//   <directory>/served-XXXXXX   a file for each server, with a line for each name:
//                               "kms.us-east-1.amazonaws.com:443=127.0.0.1:4600"
//
// The server holds a lock on its file (flock(2)), so the file of a server that was killed is
// recognised.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::tls {

class ServedNames {
  public:
    // Writes the file, which goes when the object does. The directory exists.
    [[nodiscard]] static Result<ServedNames> announce(const std::string& directory,
                                                      const std::vector<std::string>& lines);
    ~ServedNames();
    ServedNames(ServedNames&&) noexcept = default;
    ServedNames& operator=(ServedNames&&) = delete;

    // The lines of all servers that run, those of the first file by name first. Removes the files
    // of the others. Empty if the directory is missing or another user's.
    [[nodiscard]] static std::vector<std::string> read(const std::string& directory);

  private:
    ServedNames(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    UniqueFd file_;  // locked
};

}  // namespace glovebox::tls
