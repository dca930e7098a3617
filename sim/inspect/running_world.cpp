// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/base/json_reader.h"
#include "core/base/unique_fd.h"
#include "core/fault/client.h"
#include "sim/inspect/event_text.h"
#include "sim/inspect/subject.h"
#include "sim/kms/decision_report.h"
#include "sim/kms/explain.h"
#include "sim/up/event_file.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

// Lines of up::EventFile have a text of 2 KiB in each of some fields.
constexpr std::size_t block_bytes = 256 * 1024;

// Whoever writes it holds a lock.
bool is_written(int file) {
    if (::flock(file, LOCK_SH | LOCK_NB) != 0)
        return true;
    ::flock(file, LOCK_UN);
    return false;
}

class FileReader final : public EventReader {
  public:
    explicit FileReader(UniqueFd file) : file_(std::move(file)) {}

    std::optional<std::vector<std::string>> next(std::size_t most) override {
        // Asked before the read: what a writer wrote until its end is read.
        const bool has_ended = !is_written(file_.get());
        std::vector<std::string> lines = take(most);
        if (lines.empty() && fill())
            lines = take(most);
        if (lines.empty() && has_ended)
            return std::nullopt;
        return lines;
    }

  private:
    [[nodiscard]] bool fill() {
        std::string block(block_bytes, '\0');
        ssize_t size = 0;
        while ((size = ::read(file_.get(), block.data(), block.size())) < 0 && errno == EINTR) {
        }
        if (size <= 0)
            return false;
        text_.append(block, 0, static_cast<std::size_t>(size));
        return true;
    }

    // Whole lines of what was read.
    std::vector<std::string> take(std::size_t most) {
        std::vector<std::string> lines;
        std::size_t begin = 0;
        while (lines.size() < most) {
            const auto end = text_.find('\n', begin);
            if (end == text_.npos)
                break;
            if (end > begin)
                lines.push_back(text_.substr(begin, end - begin));
            begin = end + 1;
        }
        text_.erase(0, begin);
        return lines;
    }

    UniqueFd file_;
    std::string text_;  // read, and not yet taken
};

class RunningWorld final : public Subject {
  public:
    RunningWorld(UniqueFd directory, std::string kms_trace)
        : directory_(std::move(directory)), kms_trace_(std::move(kms_trace)) {}

    [[nodiscard]] static UniqueFd open_events(int directory) {
        return UniqueFd(
            ::openat(directory, up::event_file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    }

    [[nodiscard]] std::unique_ptr<EventReader> events() const override {
        return std::make_unique<FileReader>(open_events(directory_.get()));
    }

    [[nodiscard]] bool has_ended() const override {
        const UniqueFd file = open_events(directory_.get());
        return !file || !is_written(file.get());
    }

    [[nodiscard]] Result<json::object> decision(std::string_view request) const override {
        if (kms_trace_.empty())
            return invalid_input("the world has no KMS");
        const auto found = kms::find_in_trace(kms_trace_, request);
        if (!found)
            return found.error();
        return kms::decision_report(found->record);
    }

    [[nodiscard]] Result<json::object> ask(const json::object& question) const override {
        const auto client = fault::Client::find(directory_.get());
        if (!client)
            return invalid_input(
                "the world has no faults: start it by `glovebox up --faults`, or write `faults: "
                "true` into its file");
        return client->ask(question);
    }

  private:
    UniqueFd directory_;
    std::string kms_trace_;
};

// The trace's file, which the first event names.
std::string kms_trace_of(const std::vector<std::string>& first) {
    if (first.empty())
        return {};
    const auto event = read_json(first.front());
    return event && event->is_object() ? event_text(event->get_object(), "kms_trace")
                                       : std::string();
}

}  // namespace

Result<std::unique_ptr<Subject>> running_world(const std::string& directory) {
    UniqueFd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return errno_error("cannot open the world " + directory, errno);
    UniqueFd file = RunningWorld::open_events(folder.get());
    if (!file)
        return errno_error("the world " + directory + " has no events", errno)
            .with_advice("Start it by `glovebox up`");
    FileReader reader(std::move(file));
    std::string trace = kms_trace_of(reader.next(1).value_or(std::vector<std::string>()));
    return std::unique_ptr<Subject>(
        std::make_unique<RunningWorld>(std::move(folder), std::move(trace)));
}

}  // namespace glovebox::inspect
