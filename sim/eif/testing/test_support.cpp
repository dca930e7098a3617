// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/testing/test_support.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "sim/eif/format/measurement.h"

namespace glovebox::eif::testing {

namespace fs = std::filesystem;

Bytes read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in.is_open()) << path;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, BytesView content) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
    ASSERT_TRUE(out.good()) << path;
}

void write_file(const fs::path& path, std::string_view content) {
    write_file(path, as_bytes(content));
}

std::string shell(const std::string& command) {
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer;
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
        output.append(buffer.data(), got);
    const int status = ::pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command << '\n' << output;
    return output;
}

bool has_program(const std::string& name) {
    return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

Part part(SectionType type, std::string_view data) {
    const BytesView bytes = as_bytes(data);
    return {type, Bytes(bytes.begin(), bytes.end())};
}

Bytes make_image(const std::vector<Part>& parts, Header header) {
    Bytes image(header_size);
    for (const Part& each : parts) {
        header.section_offsets[header.num_sections] = image.size();
        header.section_sizes[header.num_sections] = each.data.size();
        ++header.num_sections;
        const auto section_header =
            SectionHeader{.type = static_cast<std::uint16_t>(each.type), .size = each.data.size()}
                .encode();
        image.insert(image.end(), section_header.begin(), section_header.end());
        image.insert(image.end(), each.data.begin(), each.data.end());
    }
    set_header(image, header);
    return image;
}

void set_header(Bytes& image, Header header) {
    auto bytes = header.encode();
    std::copy(bytes.begin(), bytes.end(), image.begin());
    header.crc32 = image_crc32(image);
    bytes = header.encode();
    std::copy(bytes.begin(), bytes.end(), image.begin());
}

Bytes small_image() {
    return make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                       part(SectionType::metadata, some_metadata), part(SectionType::ramdisk, "A"),
                       part(SectionType::ramdisk, "B")});
}

KeyPair make_key_pair(const fs::path& folder, const std::string& curve,
                      const std::string& req_options) {
    const KeyPair pair{folder / "key.pem", folder / "cert.pem"};
    shell("cd " + folder.string() + " && openssl ecparam -name " + curve +
          " -genkey -noout -out key.pem && openssl req -x509 -new -key key.pem -out cert.pem "
          "-subj '/C=US/ST=Washington/L=Seattle/O=Example/CN=signer' " +
          req_options + " 2>&1");
    return pair;
}

}  // namespace glovebox::eif::testing
