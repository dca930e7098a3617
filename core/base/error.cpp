// SPDX-License-Identifier: Apache-2.0

#include "core/base/error.h"

#include <cerrno>

namespace glovebox {
namespace {

// What to do about a machine that has run out of something, whoever notices.
std::string_view advice_on_scarcity(int errno_value) {
    switch (errno_value) {
        case ENOSPC:
            return "Make room on that file system (df -h, df -i), and try again";
        case EDQUOT:
            return "Remove files there or have your disk quota raised (quota -s), and try again";
        case EFBIG:
            return "The file has reached this process's limit on file sizes (ulimit -f): raise it, "
                   "and try again";
        case EMFILE:
            return "Raise this process's limit on open descriptors (ulimit -n), and try again";
        case ENFILE:
            return "The machine has no more open files to give (/proc/sys/fs/file-max): end what "
                   "holds them, and try again";
        case ENOMEM:
            return "End other programs, or raise this process's limit on memory (ulimit -v, the "
                   "container's limit), and try again";
        default:
            return "";
    }
}

}  // namespace

Error Error::with_advice(std::string_view advice) && {
    if (advice.empty())
        return std::move(*this);
    message += message.ends_with('.') ? " " : ". ";
    message += advice;
    return std::move(*this);
}

std::string errno_text(int errno_value) {
    return boost::system::error_code(errno_value, boost::system::system_category()).message();
}

Error errno_error(std::string_view what, int errno_value) {
    return system_error(errno_value, std::string(what) + ": " + errno_text(errno_value))
        .with_advice(advice_on_scarcity(errno_value));
}

Error system_error(int errno_value, std::string message) {
    return Error(boost::system::error_code(errno_value, boost::system::system_category()),
                 std::move(message));
}

Error invalid_input(std::string message) {
    return Error(make_error_code(boost::system::errc::invalid_argument), std::move(message));
}

}  // namespace glovebox
