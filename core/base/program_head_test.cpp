// SPDX-License-Identifier: Apache-2.0

#include "core/base/program_head.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace glovebox {
namespace {

using ::testing::HasSubstr;

std::string explain(std::string_view start) {
    return explain_program_head(
        read_program_head(as_bytes(start)), "/app",
        [](const std::string& path) { return path == "/bin/sh"; }, "in the image");
}

std::string dynamic_program(const std::string& loader, std::uint64_t size) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_phoff = sizeof header;
    header.e_phnum = 2;
    Elf64_Phdr segments[2]{};
    segments[1].p_type = PT_INTERP;
    segments[1].p_offset = sizeof header + sizeof segments;
    segments[1].p_filesz = size;
    std::string text(reinterpret_cast<const char*>(&header), sizeof header);
    text.append(reinterpret_cast<const char*>(segments), sizeof segments);
    return text + loader + '\0';
}

TEST(ProgramHead, OfAScriptIsItsFirstLineAsTheKernelReadsIt) {
    EXPECT_EQ(read_program_head(as_bytes("#! /bin/sh -e\nrest")).interpreter, "/bin/sh");
    EXPECT_EQ(read_program_head(as_bytes("#!/bin/sh\r\n")).interpreter, "/bin/sh\r");
    EXPECT_EQ(explain("#!/bin/sh\necho"), "");
    EXPECT_THAT(explain("#!/bin/bash\n"), HasSubstr("wants /bin/bash, which is not in the image"));
    for (const char* text : {"#!/bin/sh\r\n", "#!/bin/sh -e\r\necho\r\n"})
        EXPECT_THAT(explain(text), HasSubstr("ends with a carriage return")) << text;
}

TEST(ProgramHead, OfADynamicProgramIsItsLoader) {
    EXPECT_EQ(explain(dynamic_program("/bin/sh", 8)), "");
    EXPECT_THAT(explain(dynamic_program("/lib/ld.so", 11)),
                HasSubstr("wants the loader /lib/ld.so, which is not in the image"));
    EXPECT_EQ(explain(dynamic_program("/lib/ld.so", ~std::uint64_t{0})), "") << "cut off";
}

TEST(ProgramHead, OtherBytesNeedNoInterpreter) {
    for (const std::string_view text : {"", "#",
                                        "\x7f"
                                        "ELF",
                                        "text"})
        EXPECT_EQ(explain(text), "") << text;
}

}  // namespace
}  // namespace glovebox
