// A file's content, for commands that report what failed in AWS's words.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace glovebox::nitro_cli {

// Absent when it can't be read: no such file, a folder, no permission.
[[nodiscard]] std::optional<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace glovebox::nitro_cli
