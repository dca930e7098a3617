// SPDX-License-Identifier: Apache-2.0

// What an inspector shows: a world that runs, or the record of one that has ended. Both have the
// same events, the lines of a timeline as JSON (docs/logs.md).
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::inspect {

// Goes through the events from the first one.
class EventReader {
  public:
    virtual ~EventReader() = default;
    EventReader(const EventReader&) = delete;
    EventReader& operator=(const EventReader&) = delete;

    // The next ones, `most` at the most. Nothing yet: an empty list. After the last one: nullopt.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> next(std::size_t most) = 0;

  protected:
    EventReader() = default;
};

class Subject {
  public:
    virtual ~Subject() = default;
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    [[nodiscard]] virtual std::unique_ptr<EventReader> events() const = 0;
    // Whether no more events will come.
    [[nodiscard]] virtual bool has_ended() const = 0;
    // The files of the images that run in the world.
    [[nodiscard]] virtual std::vector<std::string> images() const { return {}; }
    // A request to the KMS, by its ID (kms/decision_report.h). The error says that it is not known.
    [[nodiscard]] virtual Result<boost::json::object> decision(std::string_view request) const = 0;
    // One question to the process that has the world's faults (fault/client.h), and its answer.
    [[nodiscard]] virtual Result<boost::json::object> ask(
        const boost::json::object& question) const = 0;
    // The same to `glovebox up`, which has the world's parts.
    [[nodiscard]] virtual Result<boost::json::object> act(
        const boost::json::object& question) const = 0;

  protected:
    Subject() = default;
};

// `directory` is the world's, which this process's user must own. The error says that it has no
// events, or what they are instead of a regular file.
[[nodiscard]] Result<std::unique_ptr<Subject>> running_world(const std::string& directory);

// A record of `glovebox up --record`, parsed.
[[nodiscard]] std::unique_ptr<Subject> ended_run(boost::json::object record);

// No world: documents and images alone.
[[nodiscard]] std::unique_ptr<Subject> no_world();

}  // namespace glovebox::inspect
