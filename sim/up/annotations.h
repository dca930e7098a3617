// SPDX-License-Identifier: Apache-2.0

// What a step of a workflow shows beside its log: annotations, on the run's page, and groups, which
// fold lines of the log. Elsewhere than in a step, nothing is written.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "core/base/line_file.h"
#include "core/base/log.h"
#include "core/base/workflow_commands.h"

namespace glovebox::up {

class Annotations {
  public:
    // GitHub shows no more of one step.
    static constexpr std::size_t annotations_max = 10;

    explicit Annotations(bool is_workflow_step) : is_on_(is_workflow_step) {}

    // Written at once, the same one only once, and at most annotations_max. Safe from any thread.
    void add(Severity severity, const std::string& title, const std::string& message);
    // A line feed comes first: a program may have left half a line on the same output.
    void begin_group(const std::string& title);
    // Of a group that has begun; otherwise nothing happens.
    void end_group();

  private:
    bool is_on_;
    bool is_in_group_ = false;
    std::mutex mutex_;
    std::set<std::string> written_;
    LineFile lines_ = LineFile::standard_error();
};

// A KMS's log that passes everything on, and annotates what was refused.
class AnnotatedLog final : public Log {
  public:
    // Both outlive it.
    AnnotatedLog(Log& log, Annotations& annotations) : log_(log), annotations_(annotations) {}

    void write(const LogLine& line) override;
    [[nodiscard]] bool wants(LogLevel level) const override {
        return level >= LogLevel::warning || log_.wants(level);
    }

  private:
    Log& log_;
    Annotations& annotations_;
};

}  // namespace glovebox::up
