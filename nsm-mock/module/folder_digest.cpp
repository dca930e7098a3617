// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/folder_digest.h"

#include <algorithm>
#include <boost/system/errc.hpp>
#include <filesystem>
#include <vector>

#include "core/crypto/hash.h"
#include "nsm-mock/module/program_file.h"

namespace glovebox::nsm {
namespace {

namespace fs = std::filesystem;

bool is_passed_over(const std::string& name) {
    return name.starts_with('.') || name == "__pycache__";
}

Error unreadable(const fs::path& path, const std::error_code& code) {
    return errno_error("measuring the script's folder: " + path.string(), code.value());
}

struct Entry {
    std::string name;  // below the folder
    fs::file_status status;
};

Result<std::vector<Entry>> entries_of(const fs::path& folder) {
    std::vector<Entry> entries;
    std::error_code error;
    fs::recursive_directory_iterator at(folder, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (is_passed_over(at->path().filename().string())) {
            at.disable_recursion_pending();
            continue;
        }
        const fs::file_status status = at->symlink_status(error);
        if (error)
            return unreadable(at->path(), error);
        entries.push_back({at->path().lexically_relative(folder).string(), status});
    }
    if (error)
        return unreadable(folder, error);
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
}

void add(Hash& hash, char kind, const std::string& text) {
    static constexpr std::uint8_t end[] = {0};
    const std::uint8_t letter[] = {static_cast<std::uint8_t>(kind)};
    hash.update(letter);
    hash.update(as_bytes(text));
    hash.update(end);
}

Result<void> add_entry(Hash& hash, const fs::path& folder, const Entry& entry) {
    const fs::path path = folder / entry.name;
    switch (entry.status.type()) {
        case fs::file_type::directory:
            add(hash, 'D', entry.name);
            return {};
        case fs::file_type::symlink: {
            std::error_code error;
            const std::string text = fs::read_symlink(path, error).string();
            if (error)
                return unreadable(path, error);
            add(hash, 'L', entry.name);
            add(hash, 'L', text);
            return {};
        }
        case fs::file_type::regular: {
            const auto file = ProgramFile::open(path.string());
            if (!file && file.error().code == boost::system::errc::permission_denied) {
                add(hash, 'U', entry.name);
                return {};
            }
            if (!file)
                return file.error();
            const auto content = file->digest();
            if (!content)
                return content.error();
            const bool runs =
                (entry.status.permissions() & fs::perms::owner_exec) != fs::perms::none;
            add(hash, runs ? 'X' : 'F', entry.name);
            hash.update(*content);
            return {};
        }
        default:
            add(hash, 'O', entry.name);
            return {};
    }
}

}  // namespace

Result<Pcr> digest_of_folder(const std::string& folder) {
    const auto entries = entries_of(folder);
    if (!entries)
        return entries.error();
    Hash hash(HashAlgorithm::sha384);
    for (const Entry& entry : *entries)
        if (const auto added = add_entry(hash, folder, entry); !added)
            return added.error();
    const Bytes bytes = hash.finish();
    Pcr digest;
    std::copy_n(bytes.begin(), digest.size(), digest.begin());
    return digest;
}

}  // namespace glovebox::nsm
