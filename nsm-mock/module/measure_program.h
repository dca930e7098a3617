// SPDX-License-Identifier: Apache-2.0

// PCR0 to PCR2 of a program that runs without an image.
//
// On Nitro they measure an image: kernel, command line and ramdisks. Without one, each is made from
// the program file alone, under a label of its own, and so can't be mistaken for an image's:
//
//   PCRn = SHA384(48 zero bytes, SHA384("glovebox program PCRn", 0x00, SHA384(file)))
//
// The same file gives the same values on every machine; another file gives others.
#pragma once

#include <string>

#include "core/base/unique_fd.h"
#include "nsm-mock/module/mock_nsm.h"

namespace glovebox::nsm {

// A program's file, open. What is not a regular file, or can't be read, is an error.
struct ProgramFile {
    [[nodiscard]] static Result<ProgramFile> open(const std::string& path);

    UniqueFd file;
    std::string path;  // for sentences
};

// Of the file's content.
[[nodiscard]] Result<Measurements> measure_program(const ProgramFile& program);
[[nodiscard]] Result<Measurements> measure_program(const std::string& path);

// Of no program at all: stable values for a module that is asked without one.
[[nodiscard]] Measurements measure_nothing();

}  // namespace glovebox::nsm
