// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shard_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "sim/up/record_reader.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

Result<Shard> shard_in(const json::object& record) {
    const json::value* const found = record.if_contains("shard");
    if (found == nullptr || !found->is_object())
        return invalid_input(
            "the record has no shard: `glovebox up --shard INDEX/TOTAL --record FILE` writes one");
    return parse_shard(fmt::format("{}/{}", text_in(found->get_object(), "index"),
                                   text_in(found->get_object(), "total")));
}

std::vector<std::string> texts_in(const json::object& record, std::string_view name) {
    std::vector<std::string> texts;
    for (const json::value& one : list_in(record, name))
        if (one.is_string())
            texts.push_back(json::value_to<std::string>(one));
    return texts;
}

class Refusals {
  public:
    explicit Refusals(ShardRecord& shard) : shard_(shard) {}

    void add(std::string subject, std::string outcome) {
        const auto known = std::find_if(shard_.refusals.begin(), shard_.refusals.end(),
                                        [&](const ShardRecord::Refusal& one) {
                                            return one.subject == subject && one.outcome == outcome;
                                        });
        if (known != shard_.refusals.end())
            ++known->times;
        else if (shard_.refusals.size() < ShardRecord::refusals_max)
            shard_.refusals.push_back({std::move(subject), std::move(outcome)});
        else
            ++shard_.further_refusals;
    }

  private:
    ShardRecord& shard_;
};

void add_refusals(const json::object& record, ShardRecord& shard) {
    Refusals refusals(shard);
    each_in(record, "connections", [&](const json::object& one) {
        const std::string outcome = text_in(one, "outcome");
        if (outcome == "refused" || outcome == "failed")
            refusals.add(connection_name(one), connection_outcome(one, false));
    });
    each_in(record, "kms", [&](const json::object& one) {
        const std::string error = text_in(one, "error");
        if (error.empty())
            return;
        const std::string reason = text_in(one, "reason");
        refusals.add(
            fmt::format("KMS {} by {}", text_in(one, "request"), text_in(one, "principal")),
            reason.empty() ? error : error + ": " + reason);
    });
}

}  // namespace

Result<ShardRecord> shard_record(const std::string& file, const json::object& record) {
    const auto found = shard_in(record);
    if (!found)
        return found.error();
    ShardRecord shard;
    shard.file = file;
    shard.shard = *found;
    shard.verdict = verdict_in(record);
    shard.status = text_in(record, "status");
    shard.failures = texts_in(record, "failures");
    each_in(record, "not_run", [&](const json::object& one) {
        shard.not_run.push_back({text_in(one, "part"), text_in(one, "what"), text_in(one, "why")});
    });
    const std::vector<std::string> failed = texts_in(record, "failed_parts");
    each_in(record, "parts", [&](const json::object& one) {
        const std::string label = text_in(one, "part");
        shard.parts.push_back({label, text_in(one, "kind"),
                               std::find(failed.begin(), failed.end(), label) != failed.end()});
    });
    add_refusals(record, shard);
    const json::value* const lasted = record.if_contains("lasted_ms");
    if (lasted != nullptr && lasted->is_int64() && lasted->get_int64() > 0)
        shard.lasted = std::chrono::milliseconds(lasted->get_int64());
    shard.run = text_in(record, "run");
    shard.version = text_in(record, "glovebox");
    shard.target = text_in(record, "target");
    shard.world = text_in(record, "world");
    shard.region = text_in(record, "region");
    shard.command = fmt::format("{}", fmt::join(texts_in(record, "command"), " "));
    return shard;
}

}  // namespace glovebox::up
