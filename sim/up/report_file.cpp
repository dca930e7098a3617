// SPDX-License-Identifier: Apache-2.0

#include "sim/up/report_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::up {

Result<ReportFile> ReportFile::open(const std::string& option, const std::string& name) {
    constexpr mode_t mode = 0666;
    UniqueFd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file)
        return errno_error(option + ": cannot open " + name, errno);
    return ReportFile(option + ": " + name, std::move(file));
}

Result<void> ReportFile::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(file_.get(), text.data(), text.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno_error(name_ + " is not complete", errno);
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

}  // namespace glovebox::up
