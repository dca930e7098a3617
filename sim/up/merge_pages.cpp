// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merge_pages.h"

#include <fmt/format.h>

#include <map>

#include "core/base/printable.h"
#include "sim/up/markdown.h"
#include "sim/up/markup.h"

namespace glovebox::up {
namespace {

constexpr std::size_t sentence_bytes_max = 1024;
constexpr std::size_t rows_max = 200;  // of refusals on a page

// 100,000 shards are no table that somebody reads: those that passed are then left out.
constexpr std::size_t table_max = 500;

// What a table says of each shard.
struct Row {
    std::string shard;
    std::string verdict;
    std::string time;
    std::string record;
};

std::string seconds(std::chrono::milliseconds time) {
    return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

std::vector<Row> rows_of(const MergedRun& run) {
    const bool is_long = run.shards.size() + run.missing.size() > table_max;
    std::vector<Row> rows;
    for (const ShardRecord& one : run.shards)
        if (rows.size() < table_max && !(is_long && one.verdict == "passed"))
            rows.push_back({to_text(one.shard), one.verdict, seconds(one.lasted), one.file});
    if (!run.missing.empty())
        rows.push_back({ranges(run.missing), "missing", "", ""});
    return rows;
}

struct RefusalRow {
    std::string shard;
    const ShardRecord::Refusal* refusal;
};

std::vector<RefusalRow> refusals_of(const MergedRun& run) {
    std::vector<RefusalRow> rows;
    for (const ShardRecord& one : run.shards)
        for (const ShardRecord::Refusal& refusal : one.refusals)
            if (rows.size() < rows_max)
                rows.push_back({to_text(one.shard), &refusal});
    return rows;
}

// "the run failed: 1 of 3 shards passed, 1 failed, 1 is missing"
std::string heading_of(const MergedRun& run) {
    std::map<std::size_t, std::string_view> by_index;  // the worst verdict of a shard's records
    for (const ShardRecord& one : run.shards) {
        std::string_view& verdict = by_index[one.shard.index];
        if (verdict.empty() || verdict == "passed" || one.verdict == "failed")
            verdict = one.verdict;
    }
    std::map<std::string_view, std::size_t> counts;
    for (const auto& [index, verdict] : by_index)
        ++counts[verdict];
    std::string text = fmt::format("the run {}", run.verdict());
    if (run.total == 0)
        return text;
    text += fmt::format(": {} of {} shards passed", counts["passed"], run.total);
    for (const char* verdict : {"failed", "ran in part"})
        if (counts[verdict] > 0)
            text += fmt::format(", {} {}", counts[verdict], verdict);
    if (!run.missing.empty())
        text += fmt::format(", {} missing", run.missing.size());
    return text;
}

constexpr std::string_view page_head = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Glovebox: shards of a run</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
body { font: 14px/1.45 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid; }
</style>
</head>
<body>
)";

std::string html_row(std::string_view cell, const std::vector<std::string>& texts) {
    std::string row = "<tr>";
    for (const std::string& text : texts)
        row += fmt::format("<{0}>{1}</{0}>", cell, in_markup(cut(text, sentence_bytes_max)));
    return row + "</tr>\n";
}

std::string html_list(std::string_view title, const std::vector<std::string>& sentences) {
    if (sentences.empty())
        return {};
    std::string text = fmt::format("<h2>{}</h2>\n<ul>\n", title);
    for (const std::string& one : sentences)
        text += fmt::format("<li>{}</li>\n", in_markup(cut(one, sentence_bytes_max)));
    return text + "</ul>\n";
}

std::string markdown_list(std::string_view title, const std::vector<std::string>& sentences) {
    if (sentences.empty())
        return {};
    std::string text = fmt::format("\n### {}\n\n", title);
    for (const std::string& one : sentences)
        text += fmt::format("* {}\n", code_span(cut(one, sentence_bytes_max)));
    return text;
}

}  // namespace

std::string merge_text(const MergedRun& run) {
    std::string text;
    for (const Row& row : rows_of(run))
        text += fmt::format("{:<12} {:<12} {:>9}  {}\n", row.shard, row.verdict, row.time,
                            printable(row.record));
    for (const std::string& one : run.failures)
        text += printable(one) + "\n";
    for (const std::string& one : run.remarks)
        text += printable(one) + "\n";
    return text + heading_of(run) + "\n";
}

std::string merge_markdown(const MergedRun& run) {
    std::string text = fmt::format("## Glovebox: {}\n\n", heading_of(run));
    text += "| shard | result | time | record |\n|---|---|---|---|\n";
    for (const Row& row : rows_of(run))
        text += fmt::format("| {} | {} | {} | {} |\n", row.shard, row.verdict,
                            row.time.empty() ? "-" : row.time, code_span(row.record));
    text += markdown_list("Failures", run.failures) + markdown_list("Remarks", run.remarks);
    const std::vector<RefusalRow> refusals = refusals_of(run);
    if (refusals.empty())
        return text;
    text += "\n### Refused\n\n| shard | what | outcome | times |\n|---|---|---|---|\n";
    for (const auto& [shard, refusal] : refusals)
        text += fmt::format("| {} | {} | {} | {} |\n", shard,
                            code_span(cut(refusal->subject, sentence_bytes_max)),
                            code_span(cut(refusal->outcome, sentence_bytes_max)), refusal->times);
    return text;
}

std::string merge_page(const MergedRun& run) {
    std::string text =
        fmt::format("{}<h1>Glovebox: {}</h1>\n<table>\n", page_head, heading_of(run));
    text += html_row("th", {"shard", "result", "time", "record"});
    for (const Row& row : rows_of(run))
        text += html_row("td", {row.shard, row.verdict, row.time, row.record});
    text += "</table>\n" + html_list("Failures", run.failures) + html_list("Remarks", run.remarks);
    const std::vector<RefusalRow> refusals = refusals_of(run);
    if (!refusals.empty()) {
        text += "<h2>Refused</h2>\n<table>\n";
        text += html_row("th", {"shard", "what", "outcome", "times"});
        for (const auto& [shard, refusal] : refusals)
            text += html_row("td", {shard, refusal->subject, refusal->outcome,
                                    fmt::format("{}", refusal->times)});
        text += "</table>\n";
    }
    return text + "</body>\n</html>\n";
}

}  // namespace glovebox::up
