// SPDX-License-Identifier: Apache-2.0

#include "core/base/replace_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/output_file.h"

namespace glovebox {
namespace {

Result<UniqueFd> make(int directory, const std::string& name, const std::string& fresh,
                      const NewFile& wanted) {
    UniqueFd file(::openat(directory, fresh.c_str(),
                           O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, wanted.mode));
    if (!file)
        return errno_error("cannot write " + name, errno);
    if (auto written = write_all(file.get(), wanted.content, name); !written)
        return errno_error("cannot write " + name, written.error().code.value());
    if ((wanted.survives == Survives::a_power_failure && ::fsync(file.get()) != 0) ||
        (wanted.is_locked && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) ||
        ::renameat(directory, fresh.c_str(), directory, name.c_str()) != 0)
        return errno_error("cannot write " + name, errno);
    return file;
}

}  // namespace

Result<UniqueFd> replace_file(int directory, const std::string& name, const NewFile& file) {
    const std::string fresh = name + ".new";
    ::unlinkat(directory, fresh.c_str(), 0);  // left by a process that was killed
    auto made = make(directory, name, fresh, file);
    if (!made)
        ::unlinkat(directory, fresh.c_str(), 0);
    return made;
}

}  // namespace glovebox
