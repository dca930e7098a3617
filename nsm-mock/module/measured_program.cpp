// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/measured_program.h"

#include <fmt/core.h>

#include <utility>

#include "nsm-mock/module/folder_digest.h"

namespace glovebox::nsm {
namespace {

Pcr measured(std::string_view label, BytesView content) {
    static constexpr std::uint8_t separator[] = {0};
    return extended(Pcr{}, sha384({as_bytes(label), separator, content}));
}

Measurements measurements_of(std::string_view what, BytesView content) {
    return {measured(fmt::format("glovebox {} PCR0", what), content),
            measured(fmt::format("glovebox {} PCR1", what), content),
            measured(fmt::format("glovebox {} PCR2", what), content), std::nullopt};
}

}  // namespace

Result<MeasuredProgram> MeasuredProgram::open(const std::string& program, const std::string& script,
                                              const std::string& folder) {
    auto file = ProgramFile::open(program);
    if (!file)
        return file.error();
    MeasuredProgram measured{std::move(*file)};
    measured.folder = folder;
    if (!script.empty()) {
        auto opened = ProgramFile::open(script);
        if (!opened)
            return opened.error();
        measured.script.emplace(std::move(*opened));
    }
    return measured;
}

Result<Measurements> MeasuredProgram::measure() const {
    const auto of_program = program.digest();
    if (!of_program)
        return of_program.error();
    if (!script && folder.empty())
        return measurements_of("program", *of_program);
    Result<Pcr> of_script = script ? script->digest() : sha384({});
    if (!of_script)
        return of_script.error();
    Result<Pcr> of_folder = folder.empty() ? sha384({}) : digest_of_folder(folder);
    if (!of_folder)
        return of_folder.error();
    Bytes content(of_program->begin(), of_program->end());
    content.insert(content.end(), of_script->begin(), of_script->end());
    content.insert(content.end(), of_folder->begin(), of_folder->end());
    return measurements_of("script", content);
}

Result<Measurements> measure_program(const std::string& path) {
    const auto program = MeasuredProgram::open(path, {}, {});
    if (!program)
        return program.error();
    return program->measure();
}

Measurements measure_nothing() {
    return measurements_of("without a program", sha384({}));
}

}  // namespace glovebox::nsm
