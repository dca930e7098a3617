// SPDX-License-Identifier: Apache-2.0

// The metadata section: who built the image, when and from what, as compact JSON. No PCR covers it.
//
//   {"ImageName":"app","ImageVersion":"1.0",
//    "BuildMetadata":{"BuildTime":"2017-04-18T16:30:00+00:00","BuildTool":"glovebox",
//                     "BuildToolVersion":"0.1.0","OperatingSystem":"Linux",
//                     "KernelVersion":"4.14.256"},
//    "DockerInfo":{...} or null,"CustomMetadata":{...} or null}
//
// AWS's reader fails if a key is missing, also CustomMetadata, and ignores unknown keys.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace glovebox::eif {

struct Metadata {
    std::string image_name;
    std::string image_version;
    std::string build_time;  // RFC 3339
    std::string build_tool;
    std::string build_tool_version;
    std::string operating_system;
    std::string kernel_version;
    boost::json::value docker_info;  // null without a container image
    boost::json::value custom;       // an object, or null

    // Byte for byte as AWS's builder writes it.
    [[nodiscard]] std::string encode() const;
    // As strict as AWS's reader. Errors are EifError::bad_metadata.
    [[nodiscard]] static Result<Metadata> decode(BytesView json);
};

// The custom keys that describe-eif prints a second time, after the builder's own: "BuildTime".
[[nodiscard]] std::vector<std::string> repeated_keys(const Metadata& metadata);

// The file of --metadata: a JSON object of at most 4096 bytes. (nitro-cli builds with any JSON, and
// then cannot describe the image that it built.)
inline constexpr std::size_t custom_metadata_size_max = 4096;
[[nodiscard]] Result<boost::json::value> parse_custom_metadata(std::string_view text);

}  // namespace glovebox::eif
