// SPDX-License-Identifier: Apache-2.0

#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>

#include "core/base/error.h"
#include "core/base/line_file.h"
#include "core/base/printable.h"
#include "core/base/workflow_commands.h"

namespace glovebox {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

Style style_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::err:
            return Style::bad;
        case spdlog::level::warn:
            return Style::warning;
        case spdlog::level::debug:
            return Style::dim;
        default:
            return Style::plain;
    }
}

LineFile open_lines(const LogOptions& options) {
    if (options.file.empty())
        return LineFile::standard_error();
    constexpr unsigned mode = 0666;
    auto file = LineFile::open(options.file, mode);
    if (!file)
        throw ErrorException(Error(file.error()).in("--log-file"));
    return std::move(*file);
}

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit LineSink(const LogOptions& options)
        : colors_(options.file.empty() ? options.colors : Colors()),
          is_inert_(options.file.empty() && options.is_workflow_step),
          form_(options.json ? InertText::Form::json : InertText::Form::text),
          lines_(open_lines(options)) {}

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        const std::string_view text{line.data(), line.size()};
        // The pattern's %^ and %$.
        const std::size_t begin = message.color_range_start;
        const std::size_t end = message.color_range_end;
        const std::string painted =
            begin < end ? fmt::format("{}{}{}", text.substr(0, begin),
                                      colors_.paint(style_of(message.level),
                                                    text.substr(begin, end - begin)),
                                      text.substr(end))
                        : std::string(text);
        // spdlog says it on stderr, once a second at the most.
        if (const auto done = lines_.append(is_inert_ ? inert(painted, form_) : painted); !done)
            throw spdlog::spdlog_ex("the log: " + done.error().message);
    }
    void flush_() override {}

    Colors colors_;
    bool is_inert_;
    InertText::Form form_;
    LineFile lines_;
};

class SpdLog final : public Log {
  public:
    explicit SpdLog(const LogOptions& options)
        : json_(options.json), logger_(options.component, std::make_shared<LineSink>(options)) {
        logger_.set_level(to_spdlog(options.level));
        const char* pattern =
            json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","component":"%n",%v})"
                  : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %n: %v";
        logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern, spdlog::pattern_time_type::utc, ""));
    }

    void write(const LogLine& line) override {
        logger_.log(to_spdlog(line.level), json_ ? json_members(line) : printable(line.message));
    }

    [[nodiscard]] bool wants(LogLevel level) const override {
        return logger_.should_log(to_spdlog(level));
    }

  private:
    bool json_;
    spdlog::logger logger_;
};

class NullLog final : public Log {
  public:
    void write(const LogLine&) override {}
    [[nodiscard]] bool wants(LogLevel) const override { return false; }
};

}  // namespace

std::unique_ptr<Log> make_log(const LogOptions& options) {
    return std::make_unique<SpdLog>(options);
}

Log& null_log() {
    static NullLog log;
    return log;
}

}  // namespace glovebox
