// SPDX-License-Identifier: Apache-2.0

// nitro-cli's commands about images only: build-enclave, describe-eif, sign-eif, pcr. Each returns
// the JSON of its standard output; `progress` receives the lines of standard error.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::nitro_cli {

struct BuildArguments {
    std::string docker_uri;
    std::optional<std::string> docker_dir;
    // Sources in place of an image of the Docker daemon, which then is not needed: a docker save or
    // OCI archive, or a root file system with a command to run.
    std::optional<std::string> docker_archive;
    std::optional<std::string> rootfs;
    std::optional<std::string> command;
    std::vector<std::string> environment;
    std::string output_file;
    std::optional<std::string> private_key;
    std::optional<std::string> signing_certificate;
    std::optional<std::string> name;
    std::optional<std::string> version;
    std::optional<std::string> metadata;
    std::filesystem::path blobs;  // the folder with kernel, cmdline, init and nsm.ko
    std::int64_t source_date = 0;
};

// E19 for the kernel's command line and the output file; E49 and E50 for docker build and pull; E48
// for everything else.
[[nodiscard]] Result<boost::json::value> build_enclave(const BuildArguments& arguments,
                                                       std::ostream& progress);

// `remarks` receives the mistakes in the image that nitro-cli does not report. E35 for an image
// that cannot be read.
[[nodiscard]] Result<boost::json::value> describe_eif(const std::string& path, TimePoint now,
                                                      std::vector<std::string>& remarks);

// E60 for every failure.
[[nodiscard]] Result<boost::json::value> sign_eif(const std::string& path,
                                                  const std::optional<std::string>& private_key,
                                                  const std::optional<std::string>& certificate,
                                                  std::ostream& progress);

// {"PCR": ...} of a file, {"PCR8": ...} of a certificate. E19 if the file cannot be read, E57 if it
// holds no certificate.
[[nodiscard]] Result<boost::json::value> pcr_of_file(const std::string& path);
[[nodiscard]] Result<boost::json::value> pcr_of_certificate(const std::string& path);

// A docker URI with its tag: "app" means "app:latest".
[[nodiscard]] std::string with_tag(const std::string& docker_uri);

}  // namespace glovebox::nitro_cli
