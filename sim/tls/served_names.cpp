// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/served_names.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/base/file_bytes.h"
#include "core/base/output_file.h"

namespace glovebox::tls {
namespace {

constexpr std::string_view prefix = "served-";
constexpr std::size_t served_bytes_max = 64 * 1024;

bool is_own(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && status.st_uid == ::geteuid();
}

}  // namespace

Result<ServedNames> ServedNames::announce(const std::string& directory,
                                          const std::vector<std::string>& lines) {
    // Under a name that no reader looks at until it is locked.
    std::string aside = directory + "/.served-XXXXXX";
    UniqueFd file(::mkostemp(aside.data(), O_CLOEXEC));
    if (!file)
        return errno_error("cannot write " + aside, errno);
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    std::string path = aside;
    path.erase(directory.size() + 1, 1);  // the dot
    auto written = write_all(file.get(), as_bytes(text), path);
    if (written &&
        (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || ::rename(aside.c_str(), path.c_str()) != 0))
        written = errno_error("cannot write " + path, errno);
    if (!written) {
        ::unlink(aside.c_str());
        return written.error();
    }
    return ServedNames(std::move(path), std::move(file));
}

ServedNames::~ServedNames() {
    if (file_)
        ::unlink(path_.c_str());
}

std::vector<std::string> ServedNames::read(const std::string& directory) {
    std::vector<std::string> names;
    const UniqueFd folder(
        ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || !is_own(folder.get()))
        return {};
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(directory, none))
        if (entry.path().filename().native().starts_with(prefix))
            names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    std::vector<std::string> lines;
    for (const std::string& name : names) {
        const UniqueFd file(
            ::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
        if (!file || !is_own(file.get()))
            continue;
        if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
            ::unlinkat(folder.get(), name.c_str(), 0);
            continue;
        }
        const auto text = read_bytes(file.get(), name, served_bytes_max);
        if (!text)
            continue;
        std::istringstream read{std::string(as_text(*text))};
        for (std::string line; std::getline(read, line);)
            lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace glovebox::tls
