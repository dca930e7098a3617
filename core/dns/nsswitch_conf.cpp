// SPDX-License-Identifier: Apache-2.0

#include "core/dns/nsswitch_conf.h"

#include <algorithm>
#include <optional>

#include "core/dns/config_words.h"

namespace glovebox::core {
namespace {

std::optional<NameSource> source_of(std::string_view word) {
    if (word == "files")
        return NameSource::files;
    if (word == "dns" || word == "resolve")
        return NameSource::name_servers;
    return std::nullopt;
}

}  // namespace

std::vector<NameSource> parse_nsswitch_conf(std::string_view text) {
    std::vector<NameSource> sources;
    while (!text.empty() && sources.empty()) {
        std::string_view line = take_line(text);
        line = line.substr(0, line.find('#'));
        if (take_word(line) != "hosts:")
            continue;
        for (auto word = take_word(line); !word.empty(); word = take_word(line))
            if (const auto source = source_of(word);
                source && std::ranges::find(sources, *source) == sources.end())
                sources.push_back(*source);
    }
    if (sources.empty())
        sources = {NameSource::files, NameSource::name_servers};
    return sources;
}

}  // namespace glovebox::core
