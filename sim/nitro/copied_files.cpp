// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/copied_files.h"

#include <fstream>

#include "sim/vm/shared_libraries.h"

namespace glovebox::nitro {

namespace fs = std::filesystem;

namespace {

Error failed(const fs::path& path, const std::error_code& code) {
    return errno_error("cannot copy " + path.string(), code.value());
}

bool is_elf(const fs::path& path) {
    char magic[4] = {};
    std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
    return std::string_view(magic, sizeof magic) ==
           "\x7f"
           "ELF";
}

}  // namespace

bool CopiedFiles::has(const fs::path& path) const {
    std::error_code ignored;
    return fs::exists(place_of(path), ignored);
}

Result<void> CopiedFiles::make_folder(const fs::path& path) {
    std::error_code code;
    fs::create_directories(place_of(path), code);
    return code ? Result<void>(failed(path, code)) : Result<void>();
}

Result<void> CopiedFiles::add_file(const fs::path& path) {
    if (has(path))
        return {};
    if (const auto made = make_folder(path.parent_path()); !made)
        return made;
    std::error_code code;
    fs::copy_file(path, place_of(path), code);
    if (code)
        return failed(path, code);
    if (!is_elf(path))
        return {};
    const auto libraries = vm::libraries_of(path);
    if (!libraries)
        return libraries.error();
    for (const std::string& library : *libraries)
        if (const auto added = add_file(library); !added)
            return added;
    return {};
}

Result<void> CopiedFiles::add_folder(const fs::path& path, const IsLeftOut& is_left_out) {
    if (const auto made = make_folder(path); !made)
        return made;
    std::error_code code;
    for (fs::recursive_directory_iterator one(path, code), end; !code && one != end;
         one.increment(code)) {
        const std::string name = one->path().filename().string();
        if (is_left_out(name)) {
            one.disable_recursion_pending();
            continue;
        }
        const auto added = one->is_directory()      ? make_folder(one->path())
                           : one->is_regular_file() ? add_file(one->path())
                                                    : Result<void>();
        if (!added)
            return added;
    }
    return code ? Result<void>(failed(path, code)) : Result<void>();
}

}  // namespace glovebox::nitro
