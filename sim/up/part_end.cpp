// SPDX-License-Identifier: Apache-2.0

#include "sim/up/part_end.h"

#include <fmt/core.h>
#include <signal.h>
#include <string.h>

#include <algorithm>

#include "sim/up/world_keys.h"

namespace glovebox::up {
namespace {

struct PartOfFile {
    std::string section;  // "enclaves"
    std::string title;    // "enclave server"
};

template <class Part>
bool find(const std::vector<Part>& parts, const std::string& label, const char* section,
          const char* kind, PartOfFile& found) {
    for (const Part& part : parts)
        if (part.label == label) {
            found = {section, fmt::format("{} {}", kind, part.name)};
            return true;
        }
    return false;
}

PartOfFile find(const WorldFile& world, const std::string& label) {
    PartOfFile found{label, label};  // kms, imds
    static_cast<void>(find(world.enclaves, label, "enclaves", "enclave", found) ||
                      find(world.proxies, label, "proxies", "proxy", found) ||
                      find(world.forwards, label, "forwards", "forward", found));
    return found;
}

bool is_of_a_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_placeholder(std::string_view rest) {
    return rest.size() > 1 && rest[0] == ' ' && rest[1] >= 'A' && rest[1] <= 'Z';
}

// "--ready-timeout" is `ready_timeout` in the file, "--mount DIR" is `mount: DIR`.
std::string with_keys(std::string_view sentence, const std::string& section) {
    std::vector<std::string_view> keys;
    for (const SectionFacts& facts : world_sections())
        if (facts.name == section)
            for (const KeyFacts& key : facts.keys)
                keys.push_back(key.name);
    std::string out;
    bool in_command = false;
    while (!sentence.empty()) {
        if (sentence.front() == '`')
            in_command = !in_command;
        if (!in_command && sentence.starts_with("--") && (out.empty() || out.back() == ' ')) {
            std::string_view option = sentence.substr(2);
            option = option.substr(
                0,
                static_cast<std::size_t>(
                    std::find_if_not(option.begin(), option.end(), is_of_a_word) - option.begin()));
            std::string key(option);
            std::replace(key.begin(), key.end(), '-', '_');
            if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
                out += key;
                sentence.remove_prefix(2 + option.size());
                if (is_placeholder(sentence))
                    out += ':';
                continue;
            }
        }
        out += sentence.front();
        sentence.remove_prefix(1);
    }
    return out;
}

// The signal that a status above 128 stands for.
std::string cause_of(int status) {
    const int signal = status - 128;
    const char* const name = signal > 0 ? ::sigdescr_np(signal) : nullptr;
    if (name == nullptr)
        return {};
    return fmt::format(
        " (signal {}, {}{})", signal, name,
        signal == SIGPIPE ? ": it wrote to a pipe or socket that nobody reads any more" : "");
}

}  // namespace

std::string in_words_of_file(std::string_view sentence, const std::string& label,
                             const WorldFile& world) {
    return with_keys(sentence, find(world, label).section);
}

std::string describe(const PartEnd& end, const WorldFile& world) {
    const PartOfFile part = find(world, end.label);
    const std::string why = with_keys(end.last_error, part.section);
    // `glovebox run` ends with 1 then, whatever the program's own status was, which `why` has.
    if (!end.was_ready && !why.empty())
        return fmt::format("{} did not become ready: {}", part.title, why);
    return fmt::format("{} ended with status {}{}{}{}{}", part.title, end.status,
                       cause_of(end.status), end.was_ready ? "" : " before it was ready",
                       why.empty() ? "" : ": ", why);
}

}  // namespace glovebox::up
