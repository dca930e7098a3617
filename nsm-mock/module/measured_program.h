// SPDX-License-Identifier: Apache-2.0

// PCR0 to PCR2 of a program that runs without an image.
//
// On Nitro they measure an image: kernel, command line and ramdisks. Without one, each is made from
// what runs, under a label of its own, and so can't be mistaken for an image's:
//
//   PCRn = SHA384(48 zero bytes, SHA384("glovebox program PCRn", 0x00, SHA384(file)))
//
// An interpreter is the same file for every script, so its script counts too, and the folder in
// which the script keeps its modules and data, as an image holds both:
//
//   PCRn = SHA384(48 zero bytes, SHA384("glovebox script PCRn", 0x00, SHA384(interpreter),
//                                       SHA384(script), digest_of_folder(folder)))
//
// with SHA384 of nothing for a script or a folder that there isn't. The same files give the same
// values on every machine; others give others.
#pragma once

#include <optional>
#include <string>

#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/program_file.h"

namespace glovebox::nsm {

struct MeasuredProgram {
    // `script` and `folder` may be empty. What of the files can't be
    // opened is an error.
    [[nodiscard]] static Result<MeasuredProgram> open(const std::string& program,
                                                      const std::string& script,
                                                      const std::string& folder);

    // Reads all of it, for one call: about 2 ms a megabyte.
    [[nodiscard]] Result<Measurements> measure() const;

    ProgramFile program;
    std::optional<ProgramFile> script{};
    std::string folder{};  // empty: none
};

// Of a file by itself.
[[nodiscard]] Result<Measurements> measure_program(const std::string& path);

// Of no program at all: stable values for a module that is asked without one.
[[nodiscard]] Measurements measure_nothing();

}  // namespace glovebox::nsm
