// SPDX-License-Identifier: Apache-2.0

// What is given more than once for one key, by options or by a list in a file. The same value again
// is harmless; another one is a contradiction, and nobody is to guess which of the two was meant.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glovebox {

// The places in `items` of the first two that have one key and are not equal. `key_of` makes an
// item's key, which can be ordered.
template <class Items, class KeyOf>
[[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> find_contradiction(
    const Items& items, KeyOf key_of) {
    std::map<decltype(key_of(items[0])), std::size_t> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto [place, is_new] = seen.try_emplace(key_of(items[i]), i);
        if (!is_new && !(items[place->second] == items[i]))
            return std::pair(place->second, i);
    }
    return std::nullopt;
}

// The same as a sentence, for items that were parsed from `texts`, one from each.
template <class Items, class KeyOf>
[[nodiscard]] std::optional<std::string> explain_contradiction(
    const std::vector<std::string>& texts, const Items& items, KeyOf key_of) {
    const auto two = find_contradiction(items, key_of);
    if (!two)
        return std::nullopt;
    return texts[two->first] + " and " + texts[two->second] +
           " contradict each other: give one of them";
}

}  // namespace glovebox
