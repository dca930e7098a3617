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

constexpr std::array<std::pair<const char*, const char*>, 4> measurements{
    {{"pcr0", "PCR0"}, {"pcr1", "PCR1"}, {"pcr2", "PCR2"}, {"pcr8", "PCR8"}}};

// "16:1073741832 -> example.com:443 failed: ..." begins with its peer, whose port differs each
// time.
std::string sentence_of(const TimelineEntry& entry) {
    std::string sentence = entry.message;
    if (const std::string peer = text_field(entry, "peer"); sentence.starts_with(peer))
        sentence.replace(0, peer.size(), without_port(peer));
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
        if (const json::value* cid = entry.fields.if_contains("cid"))
            enclave.cid = cid->to_number<std::uint32_t>();
    } else if (entry.component == "up" && entry.event == "ended") {
        if (const json::value* status = entry.fields.if_contains("status");
            status != nullptr && status->is_int64())
            enclave.status = static_cast<int>(status->get_int64());
    }
}

}  // namespace glovebox::up
