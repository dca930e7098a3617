// SPDX-License-Identifier: Apache-2.0

// PCR0 to PCR2 of a program that runs without an image.
//
// On Nitro these registers measure an image: kernel, command line and ramdisks. Without an image,
// each is made from the program's file under a label of its own, so it cannot be mistaken for the
// measurement of an image (the comma concatenates):
//
//   PCRn = SHA384(48 zero bytes, SHA384("glovebox program PCRn", 0x00, SHA384(file)))
//
// An interpreter is the same file for every script. So the script counts too, and so does the
// folder in which the script keeps its modules and data, as an image holds both:
//
//   PCRn = SHA384(48 zero bytes, SHA384("glovebox script PCRn", 0x00, SHA384(interpreter),
//                                       SHA384(script), digest_of_folder(folder)))
//
// A missing script or folder is replaced by the SHA-384 of nothing. The same files give the same
// values on every machine.
#pragma once

#include <optional>
#include <string>

#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/program_file.h"

namespace glovebox::nsm {

struct MeasuredProgram {
    // Opens the files; reads none of them. `script` and `folder` may be empty. The error is that of
    // ProgramFile::open; a folder is looked at in measure() only.
    [[nodiscard]] static Result<MeasuredProgram> open(const std::string& program,
                                                      const std::string& script,
                                                      const std::string& folder);

    // Reads everything, at about 2 ms a megabyte. Call it once: it moves the files' positions.
    [[nodiscard]] Result<Measurements> measure() const;

    ProgramFile program;
    std::optional<ProgramFile> script{};
    std::string folder{};  // empty: none
};

// The measurements of one file without script or folder.
[[nodiscard]] Result<Measurements> measure_program(const std::string& path);

// The measurements of no program: constants, for a module that is asked without one.
[[nodiscard]] Measurements measure_nothing();

}  // namespace glovebox::nsm
