// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_report.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

namespace glovebox::up {
namespace {

namespace json = boost::json;

// Whose logs have connections. A KMS's refusals are in its trace.
constexpr std::array<std::string_view, 4> connecting_components{"proxy", "forward", "run",
                                                                "parent"};
constexpr std::array<std::pair<const char*, const char*>, 4> measurements{
    {{"pcr0", "PCR0"}, {"pcr1", "PCR1"}, {"pcr2", "PCR2"}, {"pcr8", "PCR8"}}};

bool is_refused_connection(const TimelineEntry& entry) {
    const bool has_connections =
        std::find(connecting_components.begin(), connecting_components.end(), entry.component) !=
        connecting_components.end();
    // A fixed target that can't be reached "failed", with its name.
    return has_connections && (entry.event == "refused" ||
                               (entry.event == "failed" && entry.fields.contains("target")));
}

// The sentence without the client's own port, which differs each time:
// "16:1073741832 -> example.com:443 failed: ..." begins with its peer.
std::string sentence_of(const TimelineEntry& entry) {
    std::string sentence = entry.message;
    const json::value* const peer = entry.fields.if_contains("peer");
    if (peer == nullptr || !peer->is_string())
        return sentence;
    const auto name = json::value_to<std::string>(*peer);
    if (sentence.starts_with(name))
        sentence.replace(0, name.size(), name.substr(0, name.rfind(':')));
    return sentence;
}

}  // namespace

WorldReport::WorldReport(const WorldFile& world) {
    for (const EnclavePart& part : world.enclaves) {
        index_by_label_[part.label] = enclaves_.size();
        enclaves_.push_back({part.name, part.cid, part.memory_mib, {}, 0, {}});
    }
}

void WorldReport::take(const TimelineEntry& entry) {
    last_lines_.take(label_of(entry), line_of(entry));
    if (is_refused_connection(entry)) {
        std::string sentence = sentence_of(entry);
        const auto same = std::find_if(refusals_.begin(), refusals_.end(), [&](const auto& one) {
            return one.part == entry.part && one.sentence == sentence;
        });
        if (same != refusals_.end())
            ++same->times;
        else if (refusals_.size() < refusals_max)
            refusals_.push_back({entry.part, std::move(sentence)});
        else
            ++further_refusals_;
    }
    const auto found = index_by_label_.find(entry.part);
    if (found == index_by_label_.end())
        return;
    Enclave& enclave = enclaves_[found->second];
    if (entry.component == "run" && entry.event == "measured") {
        for (const auto& [field, name] : measurements)
            if (const json::value* value = entry.fields.if_contains(field);
                value != nullptr && value->is_string())
                enclave.pcrs[name] = json::value_to<std::string>(*value);
    } else if (entry.component == "up" && entry.event == "restart") {
        ++enclave.restarts;
    } else if (entry.component == "up" && entry.event == "ended") {
        if (const json::value* status = entry.fields.if_contains("status");
            status != nullptr && status->is_int64())
            enclave.status = static_cast<int>(status->get_int64());
    }
}

}  // namespace glovebox::up
