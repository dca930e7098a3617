// SPDX-License-Identifier: Apache-2.0

#include "sim/up/last_run.h"

#include <filesystem>

#include "core/base/bytes.h"
#include "core/base/private_directory.h"
#include "core/base/replace_file.h"
#include "sim/kms/state_directory.h"

namespace glovebox::up {

namespace fs = std::filesystem;

Result<std::string> last_record() {
    const auto trace = kms::last_world_trace();
    if (!trace)
        return trace.error();
    return (fs::path(*trace).parent_path() / "run.json").string();
}

bool keep(std::string_view text, const std::string& name) {
    if (name.empty() || text.empty())
        return false;
    const fs::path file(name);
    std::error_code failure;
    fs::create_directories(file.parent_path().parent_path(), failure);
    if (failure)
        return false;
    const auto folder = open_private_directory(file.parent_path().string());
    const std::string lines = std::string(text.substr(0, text.find_last_not_of('\n') + 1)) + "\n";
    return folder &&
           replace_file(folder->get(), file.filename(), {.content = as_bytes(lines)}).has_value();
}

}  // namespace glovebox::up
