// SPDX-License-Identifier: Apache-2.0

// For tests of sim/eif: files, and images made field by field.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif::testing {

[[nodiscard]] Bytes read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, BytesView content);
void write_file(const std::filesystem::path& path, std::string_view content);

// Runs a shell command and returns its standard output. A status other than 0 is a test failure.
std::string shell(const std::string& command);
[[nodiscard]] bool has_program(const std::string& name);

// An image file made of parts, with a correct table and CRC. `header` has the other fields.
struct Part {
    SectionType type;
    Bytes data;
};
[[nodiscard]] Bytes make_image(const std::vector<Part>& parts, Header header = {});
// Writes `header` over the front and corrects the CRC.
void set_header(Bytes& image, Header header);
[[nodiscard]] Part part(SectionType type, std::string_view data);
// kernel "K", cmdline "C", metadata, ramdisks "A" and "B".
[[nodiscard]] Bytes small_image();
inline constexpr std::string_view some_metadata =
    R"({"ImageName":"n","ImageVersion":"v","BuildMetadata":{"BuildTime":"t","BuildTool":"b",)"
    R"("BuildToolVersion":"1","OperatingSystem":"Linux","KernelVersion":"4"},)"
    R"("DockerInfo":null,"CustomMetadata":null})";

// What Glovebox knows AWS's init by (aws_init.h), to be appended to a program.
inline constexpr std::string_view aws_init_messages =
    "Could not open /env file, failed to insert nsm driver, received wrong heartbeat, "
    "child exited by signal";

// A self-signed pair made with the openssl program: key.pem and cert.pem in `folder`. Extra
// arguments go to `openssl req -x509`.
struct KeyPair {
    std::filesystem::path key;
    std::filesystem::path certificate;
};
[[nodiscard]] KeyPair make_key_pair(const std::filesystem::path& folder, const std::string& curve,
                                    const std::string& req_options = "-days 30");

}  // namespace glovebox::eif::testing
