// SPDX-License-Identifier: Apache-2.0

// AWS's init, the program that its tools put into the first ramdisk as /init. Glovebox knows its
// steps (sandbox/root_fs_plan.h) and follows them; any other init is a program that is run.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "sim/eif/format/image.h"

namespace glovebox::eif {

// Whether the program has the messages that every published build of AWS's init has, from
// bootstrap/init/init.c. Not by a hash: the builds differ by compiler, libc and architecture.
[[nodiscard]] bool is_aws_init(BytesView program);

// The path of the program that the image's kernel executes: "/init", or that of "rdinit=" on its
// command line, whose last one holds.
[[nodiscard]] std::string init_path(const Image& image);

}  // namespace glovebox::eif
