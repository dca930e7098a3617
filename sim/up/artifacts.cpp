// SPDX-License-Identifier: Apache-2.0

#include "sim/up/artifacts.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/output_file.h"
#include "core/base/printable.h"

namespace glovebox::up {
namespace {

namespace fs = std::filesystem;

constexpr unsigned artifact_mode = 0666;
constexpr const char* timeline_name = "timeline.jsonl";
constexpr const char* trace_name = "kms-trace.jsonl";
constexpr const char* explanations_name = "explanations.txt";
constexpr const char* record_name = "run.json";
constexpr const char* page_name = "run.html";

// A name may be any text; a file's has what every file system and CI accepts.
std::string console_name(const EnclavePart& enclave) {
    std::string name = enclave.name;
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    std::replace_if(
        name.begin(), name.end(), [&](char c) { return !is_plain(c); }, '_');
    constexpr std::size_t name_bytes_max = 64;
    return fmt::format("consoles/{}-{}.log", enclave.cid, name.substr(0, name_bytes_max));
}

}  // namespace

Result<Artifacts> Artifacts::open(const std::string& folder, const WorldFile& world) {
    Artifacts artifacts{fs::path(folder)};
    std::error_code failure;
    fs::create_directories(artifacts.folder_ / "consoles", failure);
    if (failure)
        return errno_error(fmt::format("--artifacts: cannot create {}/consoles", folder),
                           failure.value());
    for (const EnclavePart& enclave : world.enclaves)
        artifacts.consoles_[enclave.label] = console_name(enclave);
    for (const auto& [label, name] : artifacts.consoles_)
        fs::remove(artifacts.folder_ / name, failure);
    for (const char* name : {timeline_name, trace_name, explanations_name, record_name, page_name})
        fs::remove(artifacts.folder_ / name, failure);
    auto timeline = LineFile::open((artifacts.folder_ / timeline_name).string(), artifact_mode);
    if (!timeline)
        return Error(timeline.error()).in("--artifacts");
    artifacts.files_.emplace(timeline_name, std::move(*timeline));
    return artifacts;
}

void Artifacts::append(const std::string& name, std::string_view line) {
    auto file = files_.find(name);
    if (file == files_.end()) {
        auto opened = LineFile::open((folder_ / name).string(), artifact_mode);
        if (!opened) {
            failure_ = failure_.value_or(opened.error());
            return;
        }
        file = files_.emplace(name, std::move(*opened)).first;
    }
    if (const auto done = file->second.append(line); !done && !failure_)
        failure_ = Error(done.error()).in((folder_ / name).string());
}

void Artifacts::take(const TimelineEntry& entry) {
    append(timeline_name, json_of(entry));
    const auto console = consoles_.find(entry.part);
    if (entry.component.empty() && console != consoles_.end())
        append(console->second, printable(entry.message));
}

Result<void> Artifacts::finish(const KmsRecord& kms, std::string_view record,
                               const std::function<std::optional<std::string>()>& page) {
    if (!kms.trace.empty())
        append(trace_name,
               std::string_view(kms.trace).substr(0, kms.trace.find_last_not_of('\n') + 1));
    if (!kms.explanations.empty())
        append(explanations_name, fmt::format("{}", fmt::join(kms.explanations, "\n")));
    append(record_name, record);
    std::optional<std::string> piece;
    const Pieces pieces = [&]() -> std::optional<BytesView> {
        piece = page();
        return piece ? std::optional(as_bytes(*piece)) : std::nullopt;
    };
    if (const auto written = write_output(folder_ / page_name, pieces); !written && !failure_)
        failure_ = written.error();
    if (failure_)
        return Error(*failure_).in("the artifacts are not complete");
    return {};
}

}  // namespace glovebox::up
