// SPDX-License-Identifier: Apache-2.0

#include "integration/sandbox/probe_table.h"

#include <fnmatch.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace glovebox::integration {
namespace {

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos)
        return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + separator.size());
    }
}

// The part of a cell that holds for this starter.
std::string part_for(std::string_view cell, const Starter& starter) {
    const std::vector<std::string> parts = split(cell, ";");
    const auto find = [&parts](std::string_view ending) -> std::string {
        for (std::size_t i = 1; i < parts.size(); ++i)
            if (parts[i].ends_with(ending))
                return trimmed(
                    std::string_view(parts[i]).substr(0, parts[i].size() - ending.size()));
        return {};
    };
    if (starter.etc_has_mounts)
        if (std::string part = find(" where /etc has mounts"); !part.empty())
            return part;
    if (starter.one_id)
        if (std::string part = find(" with one id"); !part.empty())
            return part;
    if (!starter.is_root)
        if (std::string part = find(" as a user"); !part.empty())
            return part;
    return parts.front();
}

}  // namespace

std::map<std::string, ProbeRow> read_probe_table(const std::string& path) {
    std::ifstream in(path);
    if (!in)
        throw std::runtime_error("the probe table " + path + " can't be read");
    std::map<std::string, ProbeRow> rows;
    for (std::string line; std::getline(in, line);) {
        // "| probe | on Nitro | image | command | from | why |": the first and last are empty.
        const std::vector<std::string> cells = split(line, "|");
        if (cells.size() != 8 || cells[1].find('.') == std::string::npos)
            continue;
        if (!rows.emplace(cells[1], ProbeRow{cells[2], cells[3], cells[4]}).second)
            throw std::runtime_error("the probe table has two rows " + cells[1]);
    }
    return rows;
}

bool cell_matches(std::string_view cell, const std::string& printed, const Starter& starter) {
    for (const std::string& pattern : split(part_for(cell, starter), " or "))
        if (::fnmatch(pattern.c_str(), printed.c_str(), 0) == 0)
            return true;
    return false;
}

}  // namespace glovebox::integration
