// SPDX-License-Identifier: Apache-2.0

// What a run of a world leaves in a folder, for a CI to keep:
//
//   timeline.jsonl        the timeline, as JSON lines
//   consoles/16-NAME.log  what the program of the enclave with this CID wrote, printable
//   kms-trace.jsonl       the KMS's requests, for `glovebox kms explain --trace`
//   explanations.txt      why it refused those that it refused
//   run.json              the record of the run
//   run.html              the same as a page (inspect/export_page.h)
//
// They replace those of an earlier run. A file that would have nothing in it is not made.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/line_file.h"
#include "sim/up/kms_refusals.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

class Artifacts {
  public:
    // Makes the folder, and the timeline in it. The error names what could not be made.
    [[nodiscard]] static Result<Artifacts> open(const std::string& folder, const WorldFile& world);

    void take(const TimelineEntry& entry);
    // Writes the rest; `record` is run.json, and `page` gives the pieces of run.html until there is
    // none, each of which gets a line feed. The error is the first one that any of the files had.
    [[nodiscard]] Result<void> finish(const KmsRecord& kms, std::string_view record,
                                      const std::function<std::optional<std::string>()>& page);

  private:
    explicit Artifacts(std::filesystem::path folder) : folder_(std::move(folder)) {}
    void append(const std::string& name, std::string_view line);

    std::filesystem::path folder_;
    std::map<std::string, std::string> consoles_;  // names of files, by the parts' labels
    std::map<std::string, LineFile> files_;        // those that have been opened, by name
    std::optional<Error> failure_;
};

}  // namespace glovebox::up
