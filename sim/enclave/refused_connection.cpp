// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/refused_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/base/run_folder.h"
#include "core/relay/hop_resets.h"
#include "sim/enclave/cid_claim.h"
#include "sim/enclave/console_tail.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::enclave {
namespace {

using core::Cid;
using core::Port;
using core::VsockAddress;

// The part of an ended enclave's console that is shown.
constexpr std::size_t shown_lines = 5;
constexpr std::size_t shown_bytes = 2048;
// The number of ports or CIDs in one sentence; further ones are counted.
constexpr std::size_t shown_numbers = 8;

// "5005", "5005 and 5006", "5005, 5006 and 12 more".
std::string list(const std::vector<std::uint32_t>& numbers) {
    const std::size_t shown = std::min(numbers.size(), shown_numbers);
    const std::size_t more = numbers.size() - shown;
    std::string text;
    for (std::size_t index = 0; index < shown; ++index) {
        const bool is_last = index + 1 == shown && more == 0;
        text += index == 0 ? "" : is_last ? " and " : ", ";
        text += std::to_string(numbers[index]);
    }
    return more == 0 ? text : fmt::format("{} and {} more", text, more);
}

std::vector<std::uint32_t> ports_of(Cid cid, const WorldView& world) {
    std::vector<std::uint32_t> ports;
    for (const VsockAddress& listener : world.listeners)
        if (listener.cid == cid)
            ports.push_back(listener.port);
    return ports;
}

const char* plural(const std::vector<std::uint32_t>& numbers) {
    return numbers.size() == 1 ? "" : "s";
}

bool has(const std::vector<Cid>& cids, Cid cid) {
    return std::find(cids.begin(), cids.end(), cid) != cids.end();
}

// Describes the ports on which the side `cid`, called `name`, listens instead of `port`.
std::string listens_instead(const std::string& name, Cid cid, Port port, const WorldView& world) {
    const auto ports = ports_of(cid, world);
    if (ports.empty())
        return fmt::format("{} does not listen on any vsock port", name);
    if (std::find(ports.begin(), ports.end(), port) != ports.end())
        return fmt::format(
            "{} listens on vsock port {}, but its backlog was full or it began to "
            "listen only now; try again",
            name, port);
    return fmt::format("{} listens on vsock port{} {}, not on {}", name, plural(ports), list(ports),
                       port);
}

std::string explain_enclave(VsockAddress target, const WorldView& world) {
    const std::string name = fmt::format("enclave {}", target.cid);
    if (has(world.running, target.cid))
        return listens_instead(name, target.cid, target.port, world);
    if (has(world.starting, target.cid))
        return name + " is still starting";
    const auto ended = std::find_if(world.ended.begin(), world.ended.end(),
                                    [&](const auto& one) { return one.cid == target.cid; });
    if (ended != world.ended.end()) {
        std::string text =
            name + (ended->at ? fmt::format(" ended {} ago ({})",
                                            format_duration(world.now - *ended->at), ended->reason)
                              : " " + ended->reason);
        if (!ended->console.empty())
            text += "; its console ended with:";
        for (const std::string& line : ended->console)
            text += "\n  " + line;
        return text;
    }
    if (world.running.empty())
        return fmt::format(
            "no enclave runs in world {}: start one with `glovebox run --cid {} -- "
            "PROGRAM`, or name its world with --world{}{}",
            world.name, target.cid, world.elsewhere.empty() ? "" : ".", world.elsewhere);
    return fmt::format("no enclave {} runs in world {}; {} {}{}{}", target.cid, world.name,
                       list(world.running), world.running.size() == 1 ? "does" : "do",
                       world.elsewhere.empty() ? "" : ".", world.elsewhere);
}

std::string explain_parent(Port port, const WorldView& world) {
    const auto ports = ports_of(core::cid_parent, world);
    return fmt::format(
        "nothing listens on {}:{}{}: start `glovebox proxy --listen {}=HOST:PORT`, or "
        "a program that listens there under `glovebox parent`",
        core::cid_parent, port,
        ports.empty()
            ? ""
            : fmt::format("; the parent listens on vsock port{} {}", plural(ports), list(ports)),
        port);
}

}  // namespace

std::string describe_destination(Cid own, VsockAddress target, const WorldView& world) {
    if (target.cid == own || target.cid == core::cid_local)
        return listens_instead(own == core::cid_parent ? "the parent" : "this enclave", own,
                               target.port, world);
    if (own != core::cid_parent)
        return target.cid == core::cid_parent
                   ? explain_parent(target.port, world)
                   : fmt::format("an enclave reaches only its parent, CID {}, as on Nitro",
                                 core::cid_parent);
    if (target.cid >= core::cid_first_enclave && target.cid != core::cid_any)
        return explain_enclave(target, world);
    if (target.cid == core::cid_hypervisor)
        return "CID 0 is the hypervisor, which has the consoles of enclaves that run in debug "
               "mode; "
               "no such console is open";
    return fmt::format("the parent reaches only enclaves, whose CIDs are {} and above",
                       core::cid_first_enclave);
}

WorldView WorldView::read(const transports::World& world, const Clock& clock) {
    WorldView view;
    view.name = world.path();
    view.now = clock.now();
    const std::filesystem::path path(view.name);
    view.elsewhere =
        worlds_elsewhere(path.parent_path() == run_folder() ? path.filename().string() : view.name);
    view.listeners = world.listeners();
    // Programs do not dial a proxy's second listener, which is for resets.
    std::erase_if(view.listeners, [all = view.listeners](const VsockAddress& listener) {
        const auto beside = core::reset_port(listener.port);
        return beside && *beside < listener.port &&
               std::find(all.begin(), all.end(), VsockAddress{listener.cid, *beside}) != all.end();
    });
    const auto records = read_records(world.directory());
    for (const EnclaveRecord& record : records)
        if (!record.ended && !record.is_unpacking)
            view.running.push_back(record.cid);
    for (const Cid cid : claimed_cids(world.directory()))
        if (!has(view.running, cid))
            view.starting.push_back(cid);
    for (const EnclaveRecord& record : records) {
        if (!record.ended)
            continue;
        Ended ended{.cid = record.cid, .reason = record.reason, .at = std::nullopt, .console = {}};
        if (*record.ended != 0)
            ended.at = TimePoint(std::chrono::milliseconds(*record.ended));
        const std::string text =
            last_console_lines(world.directory(), record.cid, shown_lines, shown_bytes);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            ended.console.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
        view.ended.push_back(std::move(ended));
    }
    return view;
}

std::string explain_refusal(Cid own, VsockAddress target, const WorldView& world) {
    return fmt::format("connection to {} refused: {}", to_string(target),
                       describe_destination(own, target, world));
}

}  // namespace glovebox::enclave
