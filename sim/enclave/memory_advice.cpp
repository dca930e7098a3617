// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/memory_advice.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysinfo.h>
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
// A JVM's heap may grow to this part of the memory that it finds.
constexpr std::uint64_t java_heap_part = 4;

// The first bytes of Go's section .go.buildinfo, and the library of the java launcher.
constexpr std::string_view go_mark = "\xff Go buildinf:";
constexpr std::string_view java_mark = "libjli.so";
constexpr std::size_t piece_bytes = 1 << 20;

bool has_java_limit(std::string_view text) {
    for (const std::string_view option : {"-Xmx", "-XX:MaxRAM=", "-XX:MaxHeapSize="})
        if (text.find(option) != std::string_view::npos)
            return true;
    return false;
}

// Of the heap, on the command line or in a variable that a JVM reads.
bool has_java_limit(const MemoryQuestion& question) {
    const auto is_limit = [](const std::string& text) { return has_java_limit(text); };
    const auto is_limiting_variable = [](std::string_view text) {
        return (text.starts_with("JAVA_TOOL_OPTIONS=") || text.starts_with("JDK_JAVA_OPTIONS=") ||
                text.starts_with("_JAVA_OPTIONS=")) &&
               has_java_limit(text);
    };
    return std::any_of(question.arguments.begin(), question.arguments.end(), is_limit) ||
           std::any_of(question.environment.begin(), question.environment.end(),
                       is_limiting_variable);
}

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

std::optional<std::string> advise_on_memory(const MemoryQuestion& question) {
    const std::uint64_t given = question.memory_bytes;
    if (question.runtime == Runtime::go && given < go_bytes_min)
        return too_little("a Go program", go_bytes_min, given);
    if (question.runtime != Runtime::java)
        return std::nullopt;
    if (given < java_bytes_min)
        return too_little("a Java program", java_bytes_min, given);
    if (question.machine_bytes / java_heap_part < given || has_java_limit(question))
        return std::nullopt;
    return fmt::format(
        "the JVM sizes its heap by this machine's {} MiB, not by --memory {}: it may fail to start "
        "or outgrow its memory. Give -XX:MaxRAM={}m: the same heap as on Nitro",
        question.machine_bytes / mib, given / mib, given / mib);
}

std::uint64_t machine_memory() {
    struct sysinfo info {};
    return ::sysinfo(&info) == 0 ? std::uint64_t{info.totalram} * info.mem_unit : 0;
}

}  // namespace glovebox::enclave
