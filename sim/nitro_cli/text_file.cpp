#include "sim/nitro_cli/text_file.h"

#include <fstream>
#include <sstream>

namespace glovebox::nitro_cli {

std::optional<std::string> read_text_file(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure))
        return std::nullopt;  // opens as a stream, and throws when it is read
    const std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace glovebox::nitro_cli
