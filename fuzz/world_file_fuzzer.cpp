// SPDX-License-Identifier: Apache-2.0

// A world file, its scene and key policies, an environment file, a fault and a command line, which
// may come with a stranger's repository. The first byte chooses which. What is refused is refused
// in printable lines; what a shell would split, split_shell_words() splits into the words that were
// quoted.

#include <optional>
#include <string>

#include "core/base/json_reader.h"
#include "core/base/printable.h"
#include "fuzz/require.h"
#include "sim/kms/scene.h"
#include "sim/up/env_file.h"
#include "sim/up/fault_words.h"
#include "sim/up/shell_words.h"
#include "sim/up/world_file.h"

namespace {

using namespace glovebox;

std::optional<std::string> look_up(const std::string& name) {
    return name == "A" ? std::optional<std::string>("a value: [x]") : std::nullopt;
}

void require_printable(const std::string& message) {
    require(!message.empty());
    for (const std::string& line : lines_of(message))
        require(printable(line) == line);
}

// The text's lines as words, quoted as a shell has it, with a text between that must not matter.
void split_what_was_quoted(std::string_view text) {
    const std::vector<std::string> words = lines_of(text);
    std::string line;
    for (const std::string& word : words) {
        line += " \t'";
        for (const char c : word)
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += '\'';
    }
    const auto split = up::split_shell_words(line);
    if (text.find('\0') == std::string_view::npos)
        require(split && *split == words);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
    switch (data[0] % 6) {
        case 0: {
            const auto file = up::parse_world_file(text, "world.yaml", "/nonexistent", look_up);
            if (!file)
                require_printable(file.error().message);
            break;
        }
        case 1: {
            const auto variables = up::parse_env_file(text, "app.env", look_up);
            if (!variables)
                require_printable(variables.error().message);
            break;
        }
        case 2: {
            const auto fault = up::parse_fault(text);
            if (!fault)
                require_printable(fault.error().message);
            break;
        }
        case 3: {
            const kms::SceneSources sources{
                [](const std::string&) -> Result<std::string> { return std::string("{}"); },
                look_up};
            const auto scene = kms::parse_scene(text, "keys.yaml", sources);
            if (!scene)
                require_printable(scene.error().message);
            break;
        }
        case 4: {
            const auto policy = kms::parse_policy_file(text, "policy.yaml", look_up);
            if (policy)
                require(read_json(*policy).has_value());
            else
                require_printable(policy.error().message);
            break;
        }
        default:
            split_what_was_quoted(text);
            if (const auto words = up::split_shell_words(text); !words)
                require_printable(words.error().message);
    }
    return 0;
}
