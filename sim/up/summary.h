// SPDX-License-Identifier: Apache-2.0

// The summary of a run in Markdown, for a job's page in a CI: what it came to, its enclaves, what
// was refused and why, and where more is kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/line_file.h"
#include "sim/up/kms_refusals.h"
#include "sim/up/not_run.h"
#include "sim/up/shard.h"
#include "sim/up/world_report.h"

namespace glovebox::up {

// A run of a world that has ended.
struct WorldOutcome {
    std::string file;                       // the world's, as it was named
    std::vector<std::string> command;       // may be empty
    bool is_good = false;                   // nothing failed
    std::optional<int> status;              // the command's; empty if it did not come to an end
    std::vector<std::string> failures;      // a sentence each
    std::vector<std::string> failed_parts;  // their labels
    std::string artifacts;                  // the folder; or empty
    std::vector<NotRun> not_run{};
    std::optional<Shard> shard{};        // which part of a test suite the command ran
    std::string run_id{};                // which run of the suite; may be empty
    std::chrono::milliseconds lasted{};  // from the first part's start to the last one's end

    // The exit status is 0.
    [[nodiscard]] bool has_passed() const { return is_good && not_run.empty(); }
};

[[nodiscard]] std::string world_summary(const WorldOutcome& outcome, const WorldReport& report,
                                        const KmsRecord& kms);

// A run of `glovebox kms`; `trace` is the file that has its requests.
[[nodiscard]] std::string kms_summary(const KmsRecord& kms, const std::string& trace);

// A file that summaries are appended to, as GITHUB_STEP_SUMMARY is: each is in it whole or not at
// all. The errors name the file.
class SummaryFile {
  public:
    [[nodiscard]] static Result<SummaryFile> open(const std::string& name);
    [[nodiscard]] Result<void> append(const std::string& summary);

  private:
    SummaryFile(std::string name, LineFile file) : name_(std::move(name)), file_(std::move(file)) {}
    std::string name_;
    LineFile file_;
};

}  // namespace glovebox::up
