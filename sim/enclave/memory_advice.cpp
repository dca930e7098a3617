// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/memory_advice.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {
namespace {

constexpr std::uint64_t mib = 1 << 20;
// Measured, rounded up: with less, Go 1.19 and OpenJDK 17 end before main. Nitro gives no enclave
// less than 64 MiB.
constexpr std::uint64_t go_bytes_min = 64 * mib;
constexpr std::uint64_t java_bytes_min = 128 * mib;
// The first bytes of Go's section .go.buildinfo, and the library of the java launcher.
constexpr std::string_view go_mark = "\xff Go buildinf:";
constexpr std::string_view java_mark = "libjli.so";
constexpr std::size_t piece_bytes = 1 << 20;

std::string too_little(std::string_view what, std::uint64_t least, std::uint64_t given) {
    return fmt::format(
        "--memory {} is too little for {}, which needs about {} MiB to start: give --memory {} or "
        "more",
        given / mib, what, least / mib, least / mib);
}

}  // namespace

std::optional<Runtime> find_runtime(const std::string& program) {
    const UniqueFd file(::open(program.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    std::string text;
    for (ssize_t got = 0; file;) {
        // A mark may lie across two pieces.
        text.erase(0, text.size() - std::min(text.size(), go_mark.size() - 1));
        const std::size_t kept = text.size();
        text.resize(kept + piece_bytes);
        got = ::read(file.get(), text.data() + kept, piece_bytes);
        if (got <= 0)
            return std::nullopt;
        text.resize(kept + static_cast<std::size_t>(got));
        if (text.find(go_mark) != std::string::npos)
            return Runtime::go;
        if (text.find(java_mark) != std::string::npos)
            return Runtime::java;
    }
    return std::nullopt;
}

std::optional<std::string> advise_on_memory(std::optional<Runtime> runtime,
                                            std::uint64_t memory_bytes) {
    if (runtime == Runtime::go && memory_bytes < go_bytes_min)
        return too_little("a Go program", go_bytes_min, memory_bytes);
    if (runtime == Runtime::java && memory_bytes < java_bytes_min)
        return too_little("a Java program", java_bytes_min, memory_bytes);
    return std::nullopt;
}

}  // namespace glovebox::enclave
