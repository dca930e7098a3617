// SPDX-License-Identifier: Apache-2.0

// The initramfs of a guest: what init (the script beside this file) reads, and the command's files.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/vm/guest_options.h"
#include "sim/vm/initramfs.h"
#include "sim/vm/kernel.h"

namespace glovebox::vm {

// The script that runs a command with exactly these variables, in a folder. Without this machine's
// files there are PATH, HOME and the like as well.
[[nodiscard]] std::string command_script(const GuestOptions& options);

// The text as one word of a shell.
[[nodiscard]] std::string shell_word(std::string_view word);

// The files of a guest. init begins its markers with `token`, which is this boot's own, so that
// nothing that a program prints can pass for an answer. Errors: a module or a file is missing.
[[nodiscard]] Result<Initramfs> guest_image(const GuestOptions& options, const Kernel& kernel,
                                            const std::string& token);

}  // namespace glovebox::vm
