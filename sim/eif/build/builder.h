// SPDX-License-Identifier: Apache-2.0

// Builds an enclave image from files, as nitro-cli build-enclave does, but without a Docker daemon
// and without root, and with the same bytes for the same input on any machine and day.
//
// Nothing depends on the clock: every time in the image is `source_date` (SOURCE_DATE_EPOCH), by
// default 2017-04-18T16:30:00Z, the date that AWS's builder gives its own files. Names are sorted,
// inode and device numbers are counted from a fixed start, and a signature has no random part
// (ecdsa.h).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/format/header.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

// Seconds since 1970: 2017-04-18T16:30:00Z.
inline constexpr std::int64_t default_source_date = 1492533000;

struct BuildOptions {
    std::filesystem::path kernel;
    std::filesystem::path init;
    std::optional<std::filesystem::path> nsm_ko;
    // The kernel's arguments; by default AWS's for the architecture.
    std::optional<std::string> cmdline;
    // Exactly one of the two.
    std::optional<std::filesystem::path> rootfs;  // a folder
    std::optional<std::filesystem::path> image;   // a docker save or OCI archive
    // The program and its arguments; replaces the image's CMD and ENTRYPOINT. Required with rootfs.
    std::optional<std::vector<std::string>> command;
    // NAME=VALUE each. With an image they replace variables of its ENV or are appended to it.
    std::vector<std::string> environment;
    std::optional<std::string> name;
    std::optional<std::string> version;
    std::optional<std::filesystem::path> metadata;  // a JSON file
    std::optional<Architecture> architecture;       // by default that of the image, init or kernel
    std::optional<std::string> private_key;         // a PEM file; both or neither
    std::optional<std::filesystem::path> signing_certificate;
    bool keep_owners = false;  // for a rootfs folder: otherwise everything belongs to root
    bool keep_times = false;   // of the files; otherwise all have source_date
    std::int64_t source_date = default_source_date;
    std::string tool_version;  // Glovebox's own, for the metadata
    TreeLimits limits;
    std::filesystem::path output;
};

struct BuildResult {
    Measurements pcrs;
    std::uint64_t size = 0;             // of the file, in bytes
    std::vector<std::string> warnings;  // how AWS's builder and init change or break such an image
};

// Writes options.output, whole or not at all. The error says which option or file is wrong, and is
// mostly an EifError.
[[nodiscard]] Result<BuildResult> build_image(const BuildOptions& options,
                                              Progress& progress = no_progress());

// The kernel arguments of AWS's builder.
[[nodiscard]] std::string_view default_cmdline(Architecture architecture);

// Reads a command as people write it: a JSON array of strings, or words separated by blanks, with
// quotes and backslashes as in a shell. Nothing is expanded. An error if it is blank, not such an
// array, or has an open quote.
[[nodiscard]] Result<std::vector<std::string>> parse_command(std::string_view text);

}  // namespace glovebox::eif
