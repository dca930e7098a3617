// SPDX-License-Identifier: Apache-2.0

// Where a program says what it does: one line an event, to stderr or a file, as text or as JSON
// lines.
//
// A Log is handed down from main like everything else. A line reads
//   2026-01-02T03:04:05.678Z info  proxy: 16:1073741832 -> example.com:443 open
// and each is written with one O_APPEND write, so that several processes can share one file as a
// timeline.
//
// Every line is printable, whatever a peer has put into it, and a long text in it is cut: nobody
// fills a disk by sending long names.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/printable.h"

namespace glovebox {

enum class LogLevel { debug, info, warning, error };

// The most that one text among a log line's arguments has; the rest is cut and its length said.
inline constexpr std::size_t log_text_bytes_max = 2048;

class Log {
  public:
    virtual ~Log() = default;
    // A sentence of the program's own; what is foreign goes through the templates below.
    virtual void write(LogLevel level, std::string_view line) = 0;
    [[nodiscard]] virtual bool wants(LogLevel level) const = 0;

    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) {
        log(LogLevel::debug, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) {
        log(LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args) {
        log(LogLevel::warning, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) {
        log(LogLevel::error, format, std::forward<Args>(args)...);
    }

  private:
    template <class... Args>
    void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
        if (!wants(level))
            return;
        const auto format_bounded = [&](const auto&... bounded) {
            return fmt::vformat(format, fmt::make_format_args(bounded...));
        };
        write(level, format_bounded(bound(args)...));
    }

    template <class Arg>
    static decltype(auto) bound(const Arg& arg) {
        if constexpr (std::is_convertible_v<const Arg&, std::string_view>)
            return cut(arg, log_text_bytes_max);
        else
            return (arg);
    }
};

struct LogOptions {
    std::string component;            // who speaks: "proxy", "enclave"
    LogLevel level = LogLevel::info;  // the least that is written
    std::string file;                 // appended to; empty for stderr
    bool json = false;                // {"time":...,"level":...,"component":...,"message":...}
};

// Throws ErrorException when the file can't be opened. Safe from any thread.
[[nodiscard]] std::unique_ptr<Log> make_log(const LogOptions& options);

// Says nothing.
[[nodiscard]] Log& null_log();

}  // namespace glovebox
