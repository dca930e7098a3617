// SPDX-License-Identifier: Apache-2.0

#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>

#include "core/base/error.h"
#include "core/base/json_text.h"
#include "core/base/line_file.h"
#include "core/base/printable.h"

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
    explicit LineSink(const LogOptions& options) : lines_(open_lines(options)) {}

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // spdlog says it on stderr, once a second at the most.
        if (const auto done = lines_.append({line.data(), line.size()}); !done)
            throw spdlog::spdlog_ex("the log: " + done.error().message);
    }
    void flush_() override {}

    LineFile lines_;
};

class SpdLog final : public Log {
  public:
    explicit SpdLog(const LogOptions& options)
        : json_(options.json), logger_(options.component, std::make_shared<LineSink>(options)) {
        logger_.set_level(to_spdlog(options.level));
        const char* pattern =
            json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","component":"%n","message":%v})"
                  : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %n: %v";
        logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern, spdlog::pattern_time_type::utc, ""));
    }

    void write(LogLevel level, std::string_view line) override {
        logger_.log(to_spdlog(level), json_ ? json_quote(line) : printable(line));
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
    void write(LogLevel, std::string_view) override {}
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
