// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merge_document.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "sim/up/junit_suite.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

json::object to_json(const ShardRecord& one) {
    json::array parts;
    for (const ShardRecord::Part& part : one.parts)
        parts.emplace_back(
            json::object{{"part", part.label}, {"kind", part.kind}, {"failed", part.has_failed}});
    json::array refused;
    for (const ShardRecord::Refusal& refusal : one.refusals)
        refused.emplace_back(json::object{
            {"subject", refusal.subject}, {"outcome", refusal.outcome}, {"times", refusal.times}});
    json::object shard{{"index", one.shard.index},
                       {"record", one.file},
                       {"verdict", one.verdict},
                       {"lasted_ms", one.lasted.count()},
                       {"glovebox", one.version},
                       {"target", one.target},
                       {"world", one.world},
                       {"region", one.region},
                       {"command", one.command},
                       {"failures", json::value_from(one.failures)},
                       {"not_run", up::to_json(one.not_run)},
                       {"parts", std::move(parts)},
                       {"refused", std::move(refused)}};
    if (!one.run.empty())
        shard["run"] = one.run;
    if (!one.status.empty())
        shard["status"] = one.status;
    if (one.further_refusals > 0)
        shard["further_refused"] = one.further_refusals;
    return shard;
}

std::string suite_of(const ShardRecord& one) {
    JunitSuite suite(fmt::format("glovebox {} shard {}", one.world, to_text(one.shard)),
                     junit_scope(one.shard));
    for (const ShardRecord::Part& part : one.parts)
        if (part.has_failed)
            suite.fail(part.kind, part.label, part.label + " failed", one.file);
        else
            suite.pass(part.kind, part.label);
    for (const NotRun& not_run : one.not_run)
        suite.skip("not_run",
                   not_run.part.empty() ? not_run.what : not_run.part + ": " + not_run.what,
                   not_run.why);
    const std::string command = one.command.empty() ? "world" : one.command;
    if (one.verdict == "failed")
        suite.fail("command", command,
                   one.failures.empty() ? "ended with status " + one.status : one.failures.front(),
                   fmt::format("{}", fmt::join(one.failures, "\n")));
    else
        suite.pass("command", command);
    return suite.element(one.lasted);
}

}  // namespace

json::object merge_document(const MergedRun& run, std::string_view version) {
    json::array shards;
    for (const ShardRecord& one : run.shards)
        shards.emplace_back(to_json(one));
    return {{"schema", merge_schema},
            {"glovebox", version},
            {"verdict", run.verdict()},
            {"total", run.total},
            {"missing", json::value_from(run.missing)},
            {"failures", json::value_from(run.failures)},
            {"remarks", json::value_from(run.remarks)},
            {"shards", std::move(shards)}};
}

std::string merge_junit(const MergedRun& run) {
    JunitSuite whole("glovebox merge");
    const std::string name = fmt::format("all {} shards", run.total);
    if (run.is_complete)
        whole.pass("merge", name);
    else
        whole.fail("merge", name, run.failures.front(),
                   fmt::format("{}", fmt::join(run.failures, "\n")));
    std::string suites = whole.element(0ms);
    for (const ShardRecord& one : run.shards)
        suites += suite_of(one);
    return junit_document(suites);
}

}  // namespace glovebox::up
