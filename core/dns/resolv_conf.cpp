// SPDX-License-Identifier: Apache-2.0

#include "core/dns/resolv_conf.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "core/dns/config_words.h"

namespace glovebox::core {
namespace {

// The number behind "timeout:", from `least` to `most`; empty if the word is another.
std::optional<int> number_of(std::string_view word, std::string_view key, int least, int most) {
    if (!word.starts_with(key))
        return std::nullopt;
    word.remove_prefix(key.size());
    int number = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failure == std::errc::result_out_of_range && !word.starts_with('-'))
        return most;
    if (failure != std::errc() || end != word.data() + word.size() || number < 0)
        return std::nullopt;
    return std::clamp(number, least, most);
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (auto word = take_word(line); !word.empty(); word = take_word(line))
        words.emplace_back(word);
    return words;
}

std::vector<std::string> domain_of_this_host() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return {};
    const std::string_view text(name.data());
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos)
        return {};
    return {std::string(text.substr(dot + 1))};
}

}  // namespace

void read_options(std::string_view words, ResolvConf& conf) {
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        if (const auto seconds = number_of(word, "timeout:", 1, 30))
            conf.timeout = std::chrono::seconds(*seconds);
        if (const auto attempts = number_of(word, "attempts:", 1, 5))
            conf.attempts = *attempts;
        if (const auto ndots = number_of(word, "ndots:", 0, 15))
            conf.ndots = *ndots;
    }
}

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    std::optional<std::vector<std::string>> search;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view key = take_word(line);
        if (key == "options")
            read_options(line, conf);
        else if (key == "search" || key == "domain")
            search = words_of(line);
    }
    if (const char* variable = std::getenv("RES_OPTIONS"))
        read_options(variable, conf);
    if (const char* variable = std::getenv("LOCALDOMAIN"))
        search = words_of(variable);
    conf.search = search ? std::move(*search) : domain_of_this_host();
    return conf;
}

std::vector<HostName> search_names(const HostName& name, const ResolvConf& conf) {
    std::vector<HostName> names;
    for (const std::string& domain : conf.search)
        if (auto longer = HostName::parse(domain == "." ? name.text() : name.text() + '.' + domain))
            names.push_back(std::move(*longer));
    const bool comes_first = std::ranges::count(name.text(), '.') >= conf.ndots;
    names.insert(comes_first ? names.begin() : names.end(), name);
    return names;
}

}  // namespace glovebox::core
