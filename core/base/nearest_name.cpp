// SPDX-License-Identifier: Apache-2.0

#include "core/base/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace glovebox {
namespace {

// The number of letters to change, add, remove or swap with their neighbour (the
// Damerau-Levenshtein distance).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> rows(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    std::iota(rows[0].begin(), rows[0].end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        rows[i][0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                                   rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
    std::string_view best;
    // If no letter stays, it is another word.
    std::size_t least = std::min(std::max<std::size_t>(1, word.size() / 3) + 1, word.size());
    for (const std::string_view name : known) {
        // A word that begins like a known one counts as near.
        const bool is_begun = word.size() > 3 && name.starts_with(word);
        const std::size_t longer =
            std::max(word.size(), name.size()) - std::min(word.size(), name.size());
        if (!is_begun && longer >= least)
            continue;  // a foreign word may have a megabyte
        const std::size_t far = is_begun ? 1 : distance(word, name);
        if (far < least) {
            least = far;
            best = name;
        }
    }
    return best;
}

}  // namespace glovebox
