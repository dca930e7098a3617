// SPDX-License-Identifier: Apache-2.0

#include "sim/up/report_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/base/bytes.h"
#include "core/base/output_file.h"

namespace glovebox::up {

Result<ReportFile> ReportFile::open(const std::string& option, const std::string& name) {
    constexpr mode_t mode = 0666;
    UniqueFd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file)
        return errno_error(option + ": cannot open " + name, errno);
    return ReportFile(option, name, std::move(file));
}

Result<void> ReportFile::write(std::string_view text) {
    struct stat status {};
    const bool is_regular = ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
    const auto written = is_regular ? write_output(name_, as_bytes(text))
                                    : write_all(file_.get(), as_bytes(text), name_);
    if (!written)
        return Error(written.error()).in(option_ + " is not complete");
    return {};
}

}  // namespace glovebox::up
