// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/missing_interpreter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "core/base/program_head.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/search_path.h"
#include "sim/sandbox/mount_calls.h"

namespace glovebox::enclave {

std::string explain_missing_interpreter(const std::string& root,
                                        const std::vector<std::string>& paths,
                                        const std::string& place) {
    const UniqueFd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto exists = [&folder](const std::string& path) {
        return static_cast<bool>(
            UniqueFd(sandbox::open_in_root(folder.get(), path.c_str(), O_PATH)));
    };
    for (const std::string& path : paths) {
        const UniqueFd file(
            folder ? sandbox::open_in_root(folder.get(), path.c_str(), O_RDONLY | O_NONBLOCK) : -1);
        struct stat status {};
        if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        std::array<std::uint8_t, program_head_bytes> start{};
        const ssize_t size = ::read(file.get(), start.data(), start.size());
        return size <= 0
                   ? std::string()
                   : explain_program_head(
                         read_program_head(BytesView(start).first(static_cast<std::size_t>(size))),
                         path, exists, place);
    }
    return {};
}

std::vector<std::string> program_paths(const std::string& program, const std::string& search_path) {
    if (program.find('/') != std::string::npos)
        return {program};
    std::vector<std::string> paths;
    for (const std::string& folder : split_search_path(search_path))
        paths.push_back(folder + "/" + program);
    return paths;
}

}  // namespace glovebox::enclave
