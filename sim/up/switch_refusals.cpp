// SPDX-License-Identifier: Apache-2.0

#include "sim/up/switch_refusals.h"

#include <algorithm>
#include <string>

#include "core/address/vsock_address.h"
#include "core/relay/hop_resets.h"

namespace glovebox::up {
namespace {

bool is_of_forward(const std::string& target, const WorldFile& world) {
    return std::any_of(world.forwards.begin(), world.forwards.end(), [&](const ForwardPart& part) {
        return std::any_of(part.listen.begin(), part.listen.end(), [&](const std::string& listen) {
            return listen.ends_with("=" + target);
        });
    });
}

// The label of the part whose machine has this CID; empty if no machine has it.
std::string label_of_machine(core::Cid cid, const WorldFile& world) {
    if (cid == core::cid_parent)
        return "parent";
    for (const EnclavePart& enclave : world.enclaves)
        if (enclave.cid == cid)
            return enclave.label;
    return {};
}

}  // namespace

std::optional<TimelineEntry> refusal_of_program(const TimelineEntry& of_switch,
                                                const WorldFile& world) {
    const auto peer = core::parse_vsock_address(text_field(of_switch, "peer"));
    const std::string target = text_field(of_switch, "target");
    const auto dialled = core::parse_vsock_address(target);
    if (!peer || !dialled || core::is_reset_port(dialled->port))
        return std::nullopt;
    const bool is_parent = peer->cid == core::cid_parent;
    TimelineEntry entry = of_switch;
    entry.part = label_of_machine(peer->cid, world);
    if (entry.part.empty() || (is_parent && is_of_forward(target, world)))
        return std::nullopt;
    entry.component = is_parent ? "parent" : "run";
    entry.level = LogLevel::warning;
    entry.fields.erase("peer");
    const std::size_t sentence = entry.message.find("connection to ");
    if (sentence != std::string::npos)
        entry.message.erase(0, sentence);
    return entry;
}

}  // namespace glovebox::up
