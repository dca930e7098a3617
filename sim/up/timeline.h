// SPDX-License-Identifier: Apache-2.0

// What the parts of a world do and write, on standard error in the order of time: for people in
// columns, or as JSON lines with all that the parts' own logs have.
//
//   22:31:05.123 kms              | ready: http://127.0.0.1:4600, ...
//   22:31:05.401 server           | what its program wrote
//   22:31:05.402 server   warning | what its log says
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/colors.h"
#include "core/base/line_file.h"
#include "core/base/log_line.h"

namespace glovebox::up {

struct TimelineEntry {
    std::string time;       // "2026-01-02T03:04:05.678Z"
    std::string component;  // whose log it is: "kms", "up"; empty for what a program wrote
    std::string part;       // the label of the part that it is about; empty for the whole world
    LogLevel level = LogLevel::info;
    std::string event;
    std::string message;
    boost::json::object fields{};  // the others of the log's line
};

// The time of an entry that is made now.
[[nodiscard]] std::string now_text();

// What happened to a part, or to the world, as `up` itself sees it.
[[nodiscard]] TimelineEntry own_entry(LogLevel level, Event event, std::string message,
                                      std::string part = "");

// Who else writes to the standard error of a part: in an enclave without isolation, its program.
enum class Writers { glovebox, glovebox_and_program };

// A line that a part has written to its standard error, where its log is, as JSON lines. A line of
// a component that this part does not have is a program's output, as is every line in another form;
// "glovebox: ..." and a line of the component glovebox are an error of Glovebox's.
[[nodiscard]] TimelineEntry entry_of_error_line(const std::string& part, const std::string& line,
                                                Writers writers = Writers::glovebox);

// A line that a part's program has written.
[[nodiscard]] TimelineEntry entry_of_output(const std::string& part, const std::string& line);

// The entry as one line of JSON, with all that it has.
[[nodiscard]] std::string json_of(const TimelineEntry& entry);

// The text of this field; empty if the line lacks it.
[[nodiscard]] std::string text_field(const TimelineEntry& entry, std::string_view name);

// Whether the line is about a connection: of a proxy, a forward or a supervised program. A KMS's
// requests are in its trace.
[[nodiscard]] bool is_about_connection(const TimelineEntry& entry);

// A connection that was refused, or whose target could not be reached.
[[nodiscard]] bool is_refused_connection(const TimelineEntry& entry);

// "16:1073741832" or "127.0.0.1:40312" without the client's own port, which differs each time.
[[nodiscard]] std::string without_port(const std::string& peer);

// Under which name the entry stands: "up", or the part's label.
[[nodiscard]] std::string label_of(const TimelineEntry& entry);

// The entry as one printable line without time and part, "warning: ..." unless its level is info.
[[nodiscard]] std::string line_of(const TimelineEntry& entry);

class Timeline {
  public:
    // `label_width` is that of the widest label. In a step of a workflow, no line of it is a
    // workflow command.
    Timeline(bool is_json, Colors colors, std::size_t label_width, bool is_workflow_step)
        : is_json_(is_json),
          colors_(colors),
          label_width_(label_width),
          is_workflow_step_(is_workflow_step) {}

    void write(const TimelineEntry& entry);

  private:
    [[nodiscard]] std::string text_of(const TimelineEntry& entry) const;

    bool is_json_;
    Colors colors_;
    std::size_t label_width_;
    bool is_workflow_step_;
    LineFile lines_ = LineFile::standard_error();
};

}  // namespace glovebox::up
