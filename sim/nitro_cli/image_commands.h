// SPDX-License-Identifier: Apache-2.0

// The commands of nitro-cli that are about images alone: build-enclave, describe-eif, sign-eif,
// pcr. Each answers with the JSON of its standard output.
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
    // In place of an image of the Docker daemon, which then need not be there: a docker save or OCI
    // archive, or a root file system with the command that runs.
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
    std::filesystem::path blobs;  // kernel, cmdline, init, nsm.ko
    std::int64_t source_date = 0;
};

// E48, E49, E50; E19 for the kernel's command line and the output file.
[[nodiscard]] Result<boost::json::value> build_enclave(const BuildArguments& arguments,
                                                       std::ostream& progress);

// E35. `remarks` get what is wrong with the image and nitro-cli doesn't say.
[[nodiscard]] Result<boost::json::value> describe_eif(const std::string& path, TimePoint now,
                                                      std::vector<std::string>& remarks);

// E60.
[[nodiscard]] Result<boost::json::value> sign_eif(const std::string& path,
                                                  const std::optional<std::string>& private_key,
                                                  const std::optional<std::string>& certificate,
                                                  std::ostream& progress);

// {"PCR": ...} of a file, {"PCR8": ...} of a certificate. E19, E57.
[[nodiscard]] Result<boost::json::value> pcr_of_file(const std::string& path);
[[nodiscard]] Result<boost::json::value> pcr_of_certificate(const std::string& path);

// "app:latest" for "app": what --docker-uri means without a tag.
[[nodiscard]] std::string with_tag(const std::string& docker_uri);

}  // namespace glovebox::nitro_cli
