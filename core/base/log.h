// SPDX-License-Identifier: Apache-2.0

// Where a program says what it does: one line an event, to stderr or a file, as text or as JSON
// lines.
//
// A Log is handed down from main like everything else. A line reads
//   2026-01-02T03:04:05.678Z info  proxy: 16:1073741832 -> example.com:443 open
// and each is written with one O_APPEND write, so that several processes can share one file as a
// timeline. As JSON it has its event and its fields too (log_line.h).
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
#include <vector>

#include "core/base/colors.h"
#include "core/base/log_line.h"
#include "core/base/printable.h"

namespace glovebox {

// The most that one text among a log line's arguments has; the rest is cut and its length said.
inline constexpr std::size_t log_text_bytes_max = 2048;

class Log {
  public:
    virtual ~Log() = default;
    // What is foreign in the line is cut, as the templates below do it.
    virtual void write(const LogLine& line) = 0;
    [[nodiscard]] virtual bool wants(LogLevel level) const = 0;

    // The text is made of the arguments. Those that are field("name", value) are also fields of the
    // line, whether the format has a place for them or not; the ones that it has no place for come
    // last. An empty text is no field.
    template <class... Args>
    void debug(Event event, fmt::format_string<Args...> format, const Args&... args) {
        log(LogLevel::debug, event, format, args...);
    }
    template <class... Args>
    void info(Event event, fmt::format_string<Args...> format, const Args&... args) {
        log(LogLevel::info, event, format, args...);
    }
    template <class... Args>
    void warning(Event event, fmt::format_string<Args...> format, const Args&... args) {
        log(LogLevel::warning, event, format, args...);
    }
    template <class... Args>
    void error(Event event, fmt::format_string<Args...> format, const Args&... args) {
        log(LogLevel::error, event, format, args...);
    }
    template <class... Args>
    void log(LogLevel level, Event event, fmt::format_string<Args...> format, const Args&... args) {
        if (!wants(level))
            return;
        LogLine line{level, event.name(), {}, {}};
        (keep_field(line, args), ...);
        const auto format_bounded = [&](const auto&... bounded) {
            return fmt::vformat(format, fmt::make_format_args(bounded...));
        };
        line.message = format_bounded(bound(args)...);
        write(line);
    }

  private:
    template <class Arg>
    static void keep_field(LogLine&, const Arg&) {}
    template <class Value>
    static void keep_field(LogLine& line, const Field<Value>& field) {
        LogValue value(bound(field.value));
        if (!value.is_empty())
            line.fields.push_back({field.name, std::move(value)});
    }

    template <class Arg>
    static decltype(auto) bound(const Arg& arg) {
        if constexpr (std::is_convertible_v<const Arg&, std::string_view>)
            return cut(arg, log_text_bytes_max);
        else
            return (arg);
    }
    template <class Make>
    static std::string bound(const TextOnDemand<Make>& text) {
        return std::string(cut(text.make(), log_text_bytes_max));
    }
    template <class Value>
    static decltype(auto) bound(const Field<Value>& field) {
        return bound(field.value);
    }
};

struct LogOptions {
    std::string component;            // who speaks: "proxy", "enclave"
    LogLevel level = LogLevel::info;  // the least that is written
    std::string file;                 // appended to; empty for stderr
    bool json = false;                // JSON lines, as log_line.h has them
    Colors colors{};                  // of the level, as text on standard error
    bool is_workflow_step = false;    // standard error is read for workflow commands
};

// Throws ErrorException when the file can't be opened. Safe from any thread.
[[nodiscard]] std::unique_ptr<Log> make_log(const LogOptions& options);

// Says nothing.
[[nodiscard]] Log& null_log();

}  // namespace glovebox
