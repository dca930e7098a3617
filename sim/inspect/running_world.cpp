// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/json_reader.h"
#include "core/base/printable.h"
#include "core/base/unique_fd.h"
#include "core/fault/client.h"
#include "sim/inspect/event_text.h"
#include "sim/inspect/subject.h"
#include "sim/kms/decision_report.h"
#include "sim/kms/explain.h"
#include "sim/kms/json_lines.h"
#include "sim/up/event_file.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

// Lines of up::EventFile have a text of 2 KiB in each of some fields.
constexpr std::size_t block_bytes = 256 * 1024;
// Of one of the two files of a KMS's trace, with room for its longest last line.
constexpr auto trace_bytes_max = static_cast<off_t>(2 * kms::JsonLines::file_bytes_max);

// What the writer was killed in, or a full disk cut, is no event.
bool is_event(std::string_view line) {
    const auto event = read_json(line);
    return event && event->is_object();
}

class FileReader final : public EventReader {
  public:
    explicit FileReader(UniqueFd file) : file_(std::move(file)) {}

    std::optional<std::vector<std::string>> next(std::size_t most) override {
        // Asked before the read: what a writer wrote until its end is read.
        const bool has_ended = !up::is_being_written(file_.get());
        std::vector<std::string> lines = take(most);
        while (lines.empty() && fill())
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

    // Whole lines of what was read that are events.
    std::vector<std::string> take(std::size_t most) {
        std::vector<std::string> lines;
        std::size_t begin = 0;
        while (lines.size() < most) {
            const auto end = text_.find('\n', begin);
            if (end == text_.npos)
                break;
            std::string line = text_.substr(begin, end - begin);
            if (is_event(line))
                lines.push_back(std::move(line));
            begin = end + 1;
        }
        text_.erase(0, begin);
        return lines;
    }

    UniqueFd file_;
    std::string text_;  // read, and not yet taken
};

// The files of the images that the world's parts have, in their order, each once.
std::vector<std::string> images_of(const json::object& first) {
    std::vector<std::string> images;
    const json::value* const parts = first.if_contains("parts");
    if (parts == nullptr || !parts->is_array())
        return images;
    for (const json::value& part : parts->get_array()) {
        const std::string file = part.is_object() ? event_text(part.get_object(), "eif") : "";
        if (!file.empty() && std::find(images.begin(), images.end(), file) == images.end())
            images.push_back(file);
    }
    return images;
}

// Whether a trace that an event names can be read. One that is missing is the reader's to tell.
Result<void> check_trace(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return {};
    if (!S_ISREG(status.st_mode))
        return invalid_input("the KMS's trace " + printable(file) +
                             " is not a regular file, which `glovebox kms` writes");
    if (status.st_size > trace_bytes_max)
        return invalid_input(fmt::format(
            "the KMS's trace {} has more than {} bytes, the most that is read of it: ask `glovebox "
            "kms explain`",
            printable(file), trace_bytes_max));
    return {};
}

class RunningWorld final : public Subject {
  public:
    RunningWorld(UniqueFd directory, std::string name, const json::object& first)
        : directory_(std::move(directory)),
          name_(std::move(name)),
          kms_trace_(event_text(first, "kms_trace")),
          images_(images_of(first)) {}

    // `name` is the world's, for the error.
    [[nodiscard]] static Result<UniqueFd> open_events(int directory, const std::string& name) {
        // A named pipe would block.
        UniqueFd file(::openat(directory, up::event_file_name,
                               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (!file && errno == ENOENT)
            return errno_error("the world " + name + " has no events", errno)
                .with_advice("Start it by `glovebox up`");
        const std::string path = name + "/" + up::event_file_name;
        if (!file && errno == ELOOP)
            return invalid_input(path +
                                 " is a symbolic link, which is not followed: `glovebox up` "
                                 "writes a regular file");
        if (!file)
            return errno_error("cannot open " + path, errno);
        struct stat status {};
        if (::fstat(file.get(), &status) != 0)
            return errno_error("cannot inspect " + path, errno);
        if (!S_ISREG(status.st_mode))
            return invalid_input(path + " is not a regular file, which `glovebox up` writes");
        return file;
    }

    [[nodiscard]] std::unique_ptr<EventReader> events() const override {
        auto file = open_events(directory_.get(), name_);
        return std::make_unique<FileReader>(file ? std::move(*file) : UniqueFd());
    }

    [[nodiscard]] bool has_ended() const override {
        const auto file = open_events(directory_.get(), name_);
        return !file || !up::is_being_written(file->get());
    }

    [[nodiscard]] std::vector<std::string> images() const override { return images_; }

    [[nodiscard]] Result<json::object> decision(std::string_view request) const override {
        if (kms_trace_.empty())
            return invalid_input("the world has no KMS");
        for (const std::string& file : {kms::former_file(kms_trace_), kms_trace_})
            if (const auto readable = check_trace(file); !readable)
                return readable.error();
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

    [[nodiscard]] Result<json::object> act(const json::object& question) const override {
        const auto client = fault::Client::find(directory_.get(), fault::of_parts);
        if (!client)
            return invalid_input("no part can be stopped or started before the world is ready");
        return client->ask(question);
    }

  private:
    UniqueFd directory_;
    std::string name_;
    std::string kms_trace_;  // the file, which the first event names
    std::vector<std::string> images_;
};

json::object event_in(const std::vector<std::string>& lines) {
    auto event = lines.empty() ? Error() : read_json(lines.front());
    return event && event->is_object() ? std::move(event->get_object()) : json::object();
}

}  // namespace

Result<std::unique_ptr<Subject>> running_world(const std::string& directory) {
    UniqueFd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return errno_error("cannot open the world " + directory, errno);
    struct stat status {};
    if (::fstat(folder.get(), &status) != 0)
        return errno_error("cannot inspect the world " + directory, errno);
    // Its events name files that are read, and what they say is shown as the world's.
    if (status.st_uid != ::geteuid())
        return system_error(EPERM,
                            fmt::format("the world {} belongs to the user {}, not to {}: run "
                                        "the command as its owner",
                                        directory, status.st_uid, ::geteuid()));
    auto file = RunningWorld::open_events(folder.get(), directory);
    if (!file)
        return file.error();
    FileReader reader(std::move(*file));
    const json::object first = event_in(reader.next(1).value_or(std::vector<std::string>()));
    return std::unique_ptr<Subject>(
        std::make_unique<RunningWorld>(std::move(folder), directory, first));
}

}  // namespace glovebox::inspect
