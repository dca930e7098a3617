// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/measure_program.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/crypto/hash.h"

namespace glovebox::nsm {
namespace {

Pcr measured(std::string_view label, const Pcr& content) {
    static constexpr std::uint8_t separator[] = {0};
    return extended(Pcr{}, sha384({as_bytes(label), separator, content}));
}

Measurements measurements_of(std::string_view what, const Pcr& content) {
    return {measured(fmt::format("glovebox {} PCR0", what), content),
            measured(fmt::format("glovebox {} PCR1", what), content),
            measured(fmt::format("glovebox {} PCR2", what), content), std::nullopt};
}

}  // namespace

Result<ProgramFile> ProgramFile::open(const std::string& path) {
    // O_NONBLOCK: a FIFO must not hold us up before it is seen to be none of our files.
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file)
        return errno_error("cannot measure the program " + path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return errno_error("cannot measure the program " + path, errno);
    if (!S_ISREG(status.st_mode))
        return invalid_input("measuring the program " + path + ": not a regular file");
    return ProgramFile{std::move(file), path};
}

Result<Measurements> measure_program(const std::string& path) {
    const auto program = ProgramFile::open(path);
    if (!program)
        return program.error();
    return measure_program(*program);
}

Result<Measurements> measure_program(const ProgramFile& program) {
    Hash hash(HashAlgorithm::sha384);
    Bytes buffer(256 * 1024);
    for (;;) {
        const ssize_t got = ::read(program.file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_error("cannot measure the program " + program.path, errno);
        if (got == 0)
            break;
        hash.update(BytesView(buffer).first(static_cast<std::size_t>(got)));
    }
    const Bytes digest = hash.finish();
    Pcr content;
    std::copy_n(digest.begin(), content.size(), content.begin());
    return measurements_of("program", content);
}

Measurements measure_nothing() {
    return measurements_of("without a program", sha384({}));
}

}  // namespace glovebox::nsm
