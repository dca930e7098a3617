// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/aws_init.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace glovebox::eif {

bool is_aws_init(BytesView program) {
    static constexpr std::array<std::string_view, 4> messages{
        "Could not open /env file", "failed to insert nsm driver", "received wrong heartbeat",
        "child exited by signal"};
    const std::string_view text = as_text(program);
    return std::all_of(messages.begin(), messages.end(), [text](std::string_view message) {
        return text.find(message) != std::string_view::npos;
    });
}

std::string init_path(const Image& image) {
    static constexpr std::string_view option = "rdinit=";
    std::string path = "/init";
    if (const Section* section = image.find(SectionType::cmdline)) {
        std::istringstream words{std::string(as_text(section->data))};
        for (std::string word; words >> word;)
            if (word.starts_with(option))
                path = word.substr(option.size());
    }
    return path;
}

}  // namespace glovebox::eif
