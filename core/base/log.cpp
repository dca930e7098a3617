#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/system/errc.hpp>

#include "core/base/error.h"

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

class SpdLog final : public Log {
  public:
    explicit SpdLog(const LogOptions& options)
        : json_(options.json), logger_(options.component, make_sink(options)) {
        logger_.set_level(to_spdlog(options.level));
        logger_.flush_on(spdlog::level::trace);
        const char* pattern =
            json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","component":"%n","message":%v})"
                  : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %n: %v";
        logger_.set_formatter(
            std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    }

    void write(LogLevel level, std::string_view line) override {
        if (json_)
            logger_.log(to_spdlog(level), boost::json::serialize(boost::json::string(line)));
        else
            logger_.log(to_spdlog(level), one_line(line));
    }

    [[nodiscard]] bool wants(LogLevel level) const override {
        return logger_.should_log(to_spdlog(level));
    }

  private:
    static spdlog::sink_ptr make_sink(const LogOptions& options) {
        if (options.file.empty())
            return std::make_shared<spdlog::sinks::stderr_sink_mt>();
        try {
            return std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
        } catch (const spdlog::spdlog_ex& failure) {
            throw ErrorException(
                Error(make_error_code(boost::system::errc::io_error),
                      "log file " + options.file + " can't be opened: " + failure.what()));
        }
    }

    // Text from a peer may hold control characters; none of them may forge a line or move a
    // terminal's cursor.
    static std::string one_line(std::string_view line) {
        std::string clean;
        clean.reserve(line.size());
        for (const char c : line) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20 || byte == 0x7f)
                clean += fmt::format("\\x{:02x}", byte);
            else
                clean += c;
        }
        return clean;
    }

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
