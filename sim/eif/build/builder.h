// SPDX-License-Identifier: Apache-2.0

// Builds an enclave image from files: what nitro-cli build-enclave does, without a Docker daemon,
// without root, and with the same bytes for the same input on any machine, on any day.
//
// Nothing comes from the clock: every time in the image is `source_date` (SOURCE_DATE_EPOCH), or
// 2017-04-18T16:30:00Z, the date that AWS's builder gives its own files. Names are sorted, inode
// and device numbers are counted from a fixed start, and a signature has no random part.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/format/header.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

inline constexpr std::int64_t default_source_date = 1492533000;

struct BuildOptions {
    std::filesystem::path kernel;
    std::filesystem::path init;
    std::optional<std::filesystem::path> nsm_ko;
    // The kernel's arguments; AWS's own for the architecture when absent.
    std::optional<std::string> cmdline;
    // Exactly one of the two.
    std::optional<std::filesystem::path> rootfs;  // a folder
    std::optional<std::filesystem::path> image;   // a docker save or OCI archive
    // What runs: replaces the image's CMD and ENTRYPOINT. Needed with rootfs.
    std::optional<std::vector<std::string>> command;
    // NAME=VALUE; with an image they replace or add to its ENV.
    std::vector<std::string> environment;
    std::optional<std::string> name;
    std::optional<std::string> version;
    std::optional<std::filesystem::path> metadata;  // a JSON file
    std::optional<Architecture> architecture;       // told from image, init or kernel when absent
    std::optional<std::string> private_key;         // both or none
    std::optional<std::filesystem::path> signing_certificate;
    bool keep_owners = false;  // of a rootfs folder
    bool keep_times = false;   // of the files, instead of one for all
    std::int64_t source_date = default_source_date;
    std::string tool_version;  // Glovebox's own, for the metadata
    TreeLimits limits;
    std::filesystem::path output;
};

struct BuildResult {
    Measurements pcrs;
    std::uint64_t size = 0;             // of the file, in bytes
    std::vector<std::string> warnings;  // what AWS's builder and init do to such an image
};

// Writes options.output, whole or not at all.
[[nodiscard]] Result<BuildResult> build_image(const BuildOptions& options);

// AWS's kernel arguments.
[[nodiscard]] std::string_view default_cmdline(Architecture architecture);

// A command as a person writes it: a JSON array of strings, or words parted by blanks with quotes
// and backslashes as in a shell. Nothing is expanded.
[[nodiscard]] Result<std::vector<std::string>> parse_command(std::string_view text);

}  // namespace glovebox::eif
