// SPDX-License-Identifier: Apache-2.0

#include "sim/imds/metadata_tree.h"

namespace glovebox::imds {

void MetadataTree::add(std::string path, std::string value) {
    items_.insert_or_assign(std::move(path), std::move(value));
}

std::optional<std::string> MetadataTree::find(std::string_view path) const {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    if (const auto item = items_.find(path); item != items_.end())
        return item->second;
    const std::string folder = path.empty() ? std::string() : std::string(path) + "/";
    std::string list;
    std::string last;
    for (auto item = items_.lower_bound(folder);
         item != items_.end() && item->first.starts_with(folder); ++item) {
        const std::string_view rest = std::string_view(item->first).substr(folder.size());
        const std::size_t slash = rest.find('/');
        const std::string name(rest.substr(0, slash == std::string_view::npos ? slash : slash + 1));
        if (name == last)
            continue;
        list += (list.empty() ? "" : "\n") + name;
        last = name;
    }
    if (list.empty())
        return std::nullopt;
    return list;
}

}  // namespace glovebox::imds
