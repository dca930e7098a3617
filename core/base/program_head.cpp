// SPDX-License-Identifier: Apache-2.0

#include "core/base/program_head.h"

#include <elf.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "core/base/printable.h"

namespace glovebox {
namespace {

constexpr std::size_t script_line_max = 256;  // BINPRM_BUF_SIZE in linux/binfmts.h

ProgramHead head_of_script(std::string_view text) {
    ProgramHead head;
    head.is_script = true;
    std::string_view line = text.substr(2, script_line_max - 2);
    line = line.substr(0, line.find('\n'));
    head.has_carriage_return = line.ends_with('\r');
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    head.interpreter = line.substr(0, line.find_first_of(std::string_view(" \t\0", 3)));
    return head;
}

template <class Struct>
bool read_at(BytesView bytes, std::uint64_t offset, Struct& into) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof into)
        return false;
    std::memcpy(&into, bytes.data() + offset, sizeof into);
    return true;
}

ProgramHead head_of_elf(BytesView start) {
    Elf64_Ehdr header{};
    if (!read_at(start, 0, header) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB)
        return {};
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        if (!read_at(start, header.e_phoff + std::uint64_t{i} * sizeof segment, segment))
            break;
        if (segment.p_type != PT_INTERP)
            continue;
        if (segment.p_offset > start.size() || segment.p_filesz > start.size() - segment.p_offset)
            break;
        const std::string_view text =
            as_text(start.subspan(static_cast<std::size_t>(segment.p_offset),
                                  static_cast<std::size_t>(segment.p_filesz)));
        return {.interpreter = std::string(text.substr(0, text.find('\0')))};
    }
    return {};
}

}  // namespace

ProgramHead read_program_head(BytesView start) {
    const std::string_view text = as_text(start);
    if (text.starts_with("#!"))
        return head_of_script(text);
    return text.starts_with(ELFMAG) ? head_of_elf(start) : ProgramHead();
}

std::string explain_program_head(const ProgramHead& head, std::string_view path,
                                 const std::function<bool(const std::string&)>& exists,
                                 std::string_view place) {
    if (head.has_carriage_return)
        return fmt::format(
            "the first line of {0} ends with a carriage return, as on Windows, which the kernel "
            "takes for a part of the interpreter's name or argument: convert the script with sed "
            "-i 's/\\r$//' {0}",
            printable(path));
    if (head.interpreter.empty() || exists(head.interpreter))
        return {};
    return head.is_script
               ? fmt::format("the script {} wants {}, which is not {}", printable(path),
                             printable(head.interpreter), place)
               : fmt::format(
                     "the program {} is linked dynamically and wants the loader {}, which "
                     "is not {}: add it and the libraries, or link the program "
                     "statically",
                     printable(path), printable(head.interpreter), place);
}

}  // namespace glovebox
