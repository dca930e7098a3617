// SPDX-License-Identifier: Apache-2.0

// A small file of a state that is replaced as a whole: whatever fails, its readers find the old
// content or the new one, and nothing else is left in its folder.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox {

enum class Survives {
    the_process,     // as files usually do
    a_power_failure  // on the disk when the call returns: some milliseconds
};

struct NewFile {
    BytesView content;
    mode_t mode = 0600;  // less the umask
    Survives survives = Survives::the_process;
    bool is_locked = false;  // by flock(2), from before it has its name
};

// Writes `<name>.new` in the folder and renames it. The caller keeps others from doing the same at
// the same time. Returns the new file, open for reading and writing. Errors: "cannot write <name>",
// with errno's code.
[[nodiscard]] Result<UniqueFd> replace_file(int directory, const std::string& name,
                                            const NewFile& file);

}  // namespace glovebox
