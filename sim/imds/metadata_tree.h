// SPDX-License-Identifier: Apache-2.0

// The items of instance metadata as a tree of files: the content of a folder is the list of its
// names, one a line, folders with a '/' at their end.
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

    // The value of an item, or the list of a folder. A '/' at the end of `path` makes no difference
    // (botocore asks for placement/availability-zone/). Empty if there is neither.
    [[nodiscard]] std::optional<std::string> find(std::string_view path) const;

  private:
    std::map<std::string, std::string, std::less<>> items_;
};

}  // namespace glovebox::imds
