// SPDX-License-Identifier: Apache-2.0

// The items of instance metadata as files in folders: a folder's content is its names, a line each,
// folders with a '/' behind.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox::imds {

class MetadataTree {
  public:
    // `path` is "meta-data/placement/region".
    void add(std::string path, std::string value);

    // The value of an item or the list of a folder; a '/' at the end changes nothing (botocore asks
    // for placement/availability-zone/). Nothing when there is neither.
    [[nodiscard]] std::optional<std::string> find(std::string_view path) const;

  private:
    std::map<std::string, std::string, std::less<>> items_;
};

}  // namespace glovebox::imds
