// SPDX-License-Identifier: Apache-2.0

#include "sim/up/summary.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "core/base/printable.h"
#include "sim/up/markdown.h"

namespace glovebox::up {
namespace {

constexpr unsigned summary_mode = 0666;
// GitHub drops a step's summary of more than 1 MiB.
constexpr std::size_t sentence_bytes_max = 4096;
constexpr std::size_t explanation_bytes_max = 16 * 1024;

std::string bullet(std::string_view sentence) {
    return fmt::format("* {}\n", code_span(cut(sentence, sentence_bytes_max)));
}

// A block that a reader opens.
std::string details(std::string_view title, std::string_view text) {
    return fmt::format("\n<details><summary>{}</summary>\n\n{}\n</details>\n", title,
                       code_block(cut(text, explanation_bytes_max)));
}

std::string_view verdict_of(const WorldOutcome& outcome) {
    if (!outcome.is_good)
        return "failed";
    return outcome.has_passed() ? "passed" : "ran in part";
}

std::string not_run_of(const WorldOutcome& outcome) {
    if (outcome.not_run.empty())
        return {};
    std::string text = "\n### Not run\n\n";
    for (const NotRun& one : outcome.not_run)
        text += bullet(sentence_of(one));
    return text;
}

std::string end_of(const WorldReport::Enclave& enclave) {
    std::string end =
        enclave.status ? fmt::format("status {}", *enclave.status) : "ran until the world ended";
    if (enclave.restarts > 0)
        end += fmt::format(", started again {} time{}", enclave.restarts,
                           enclave.restarts == 1 ? "" : "s");
    return end;
}

std::string enclaves_of(const WorldReport& report) {
    if (report.enclaves().empty())
        return {};
    std::string text = "\n### Enclaves\n\n| enclave | CID | memory | end |\n|---|---|---|---|\n";
    for (const auto& enclave : report.enclaves())
        text += fmt::format(
            "| {} | {} | {} | {} |\n", code_span(enclave.name), enclave.cid,
            enclave.memory_mib ? fmt::format("{} MiB", *enclave.memory_mib) : "not limited",
            end_of(enclave));
    std::string values;
    for (const auto& enclave : report.enclaves())
        for (const auto& [name, value] : enclave.pcrs)
            values +=
                fmt::format("| {} | {} | {} |\n", code_span(enclave.name), name, code_span(value));
    if (!values.empty())
        text += "\n| enclave | register | value |\n|---|---|---|\n" + values;
    return text;
}

std::string connections_of(const WorldReport& report) {
    if (report.refusals().empty())
        return {};
    std::string text =
        "\n### Refused connections\n\n| part | connection | times |\n|---|---|---|\n";
    for (const auto& refusal : report.refusals())
        text += fmt::format("| {} | {} | {} |\n", code_span(refusal.part),
                            code_span(cut(refusal.sentence, sentence_bytes_max)), refusal.times);
    if (report.further_refusals() > 0)
        text +=
            fmt::format("\n{} further refusals are on the timeline.\n", report.further_refusals());
    return text;
}

std::string kms_of(const KmsRecord& kms) {
    if (kms.refused.empty())
        return {};
    std::string text = "\n### Refused by the KMS\n\n";
    for (const std::string& sentence : kms.refused)
        text += bullet(sentence);
    if (kms.further_kinds > 0)
        text += fmt::format("\n{} further kinds of requests were refused.\n", kms.further_kinds);
    return text +
           details("How the policies decide", fmt::format("{}", fmt::join(kms.explanations, "\n")));
}

}  // namespace

std::string world_summary(const WorldOutcome& outcome, const WorldReport& report,
                          const KmsRecord& kms) {
    std::string text = fmt::format(
        "## Glovebox: {} {}{}\n\n", code_span(outcome.file), verdict_of(outcome),
        outcome.shard ? fmt::format(", shard {}", to_text(*outcome.shard)) : std::string());
    if (!outcome.command.empty() && outcome.status)
        text += fmt::format(
            "{} ended with status {}.\n",
            code_span(cut(fmt::format("{}", fmt::join(outcome.command, " ")), sentence_bytes_max)),
            *outcome.status);
    if (!outcome.failures.empty())
        text += "\n";
    for (const std::string& failure : outcome.failures)
        text += bullet(failure);
    for (const std::string& part : outcome.failed_parts)
        if (const std::string lines = report.last_lines().of(part); !lines.empty())
            text +=
                details("Last lines of a part that failed", fmt::format("{}:\n{}", part, lines));
    text += not_run_of(outcome) + enclaves_of(report) + connections_of(report) + kms_of(kms);
    if (!outcome.artifacts.empty())
        text += fmt::format("\nThe timeline, the consoles and the KMS's explanations are in {}.\n",
                            code_span(outcome.artifacts));
    return text;
}

std::string kms_summary(const KmsRecord& kms, const std::string& trace) {
    return fmt::format(
        "## Glovebox: KMS\n\n{}{}\nThe trace of all requests is {}.\n",
        kms.refused.empty() ? "No request was refused.\n" : "Requests were refused.\n", kms_of(kms),
        code_span(trace));
}

Result<SummaryFile> SummaryFile::open(const std::string& name) {
    auto file = LineFile::open(name, summary_mode);
    if (!file)
        return Error(file.error()).in("--summary");
    return SummaryFile(name, std::move(*file));
}

Result<void> SummaryFile::append(const std::string& summary) {
    if (auto done = file_.append(summary); !done)
        return Error(done.error()).in("cannot write the summary to " + name_);
    return {};
}

}  // namespace glovebox::up
