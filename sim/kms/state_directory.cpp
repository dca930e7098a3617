// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/state_directory.h"

#include <filesystem>
#include <system_error>

#include "core/base/private_directory.h"
#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::kms {
namespace {

// Of this user, beside the mock root's.
Result<std::string> user_directory(const char* name) {
    const auto pki = nsm::default_pki_directory();
    if (!pki)
        return pki.error();
    return (std::filesystem::path(*pki).parent_path() / name).string();
}

// Older than any other where the file is absent.
std::filesystem::file_time_type write_time(const std::string& file) {
    std::error_code absent;
    const auto time = std::filesystem::last_write_time(file, absent);
    return absent ? std::filesystem::file_time_type::min() : time;
}

}  // namespace

Result<std::string> open_state_directory(const std::string& directory) {
    std::string path = directory;
    if (path.empty()) {
        auto own = user_directory("kms");
        if (!own)
            return own.error();
        path = std::move(*own);
    }
    std::error_code failure;
    const auto above = std::filesystem::absolute(path, failure).parent_path();
    if (!failure && !above.empty())
        std::filesystem::create_directories(above, failure);
    if (failure)
        return errno_error("cannot create " + above.string(), failure.value());
    // A descriptor that was checked; the files in it are reached by name.
    if (const auto checked = open_private_directory(path); !checked)
        return checked.error();
    return path;
}

Result<std::string> trace_of(const std::string& directory) {
    auto path = open_state_directory(directory);
    if (!path)
        return path.error();
    return *path + "/trace.jsonl";
}

Result<std::string> last_world_trace() {
    auto directory = user_directory("up");
    if (!directory)
        return directory.error();
    return *directory + "/trace.jsonl";
}

Result<std::string> newest_trace() {
    auto own = trace_of({});
    if (!own)
        return own.error();
    auto of_world = last_world_trace();
    if (!of_world)
        return of_world.error();
    return write_time(*of_world) > write_time(*own) ? *of_world : *own;
}

}  // namespace glovebox::kms
