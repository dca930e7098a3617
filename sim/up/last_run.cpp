// SPDX-License-Identifier: Apache-2.0

#include "sim/up/last_run.h"

#include <filesystem>

#include "core/base/line_file.h"
#include "core/base/private_directory.h"
#include "sim/kms/state_directory.h"

namespace glovebox::up {
namespace {

namespace fs = std::filesystem;

constexpr unsigned file_mode = 0600;

}  // namespace

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
    if (failure || !open_private_directory(file.parent_path().string()))
        return false;
    fs::remove(file, failure);
    auto kept = LineFile::open(file.string(), file_mode);
    return kept && kept->append(text.substr(0, text.find_last_not_of('\n') + 1));
}

}  // namespace glovebox::up
