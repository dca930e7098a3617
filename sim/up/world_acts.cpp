// SPDX-License-Identifier: Apache-2.0

// What people ask a running world to do: the control socket's verbs.

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>

#include "core/stream/asio_result.h"
#include "sim/up/record_reader.h"
#include "sim/up/world_run.h"

namespace glovebox::up {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

json::object failure(const Error& error) {
    return {{"error", error.message}};
}

}  // namespace

asio::awaitable<json::object> WorldRun::act(json::object question) {
    const auto part = begin_act(text_in(question, "ask"), text_in(question, "part"));
    if (!part)
        co_return failure(part.error());
    const json::value* const wait = question.if_contains("wait");
    if (wait != nullptr && wait->is_bool() && wait->get_bool())
        while ((*part)->act != Act::none) {
            co_await act_ended_.async_wait(core::as_result);
            const auto cancellation = co_await asio::this_coro::cancellation_state;
            if (cancellation.cancelled() != asio::cancellation_type::none)
                co_return failure(invalid_input("the world ends"));
        }
    else if ((*part)->act != Act::none)
        co_return json::object{{"part", (*part)->label}};
    if ((*part)->act_failure)
        co_return failure(*(*part)->act_failure);
    co_return json::object{{"part", (*part)->label}};
}

Result<WorldRun::Part*> WorldRun::begin_act(const std::string& verb, const std::string& name) {
    Part* found = nullptr;
    std::string names;
    for (const auto& part : parts_) {
        names += (names.empty() ? "" : ", ") + part->label;
        if (part->label == name || (part->enclave != nullptr && part->enclave->name == name))
            found = part.get();
    }
    if (found == nullptr)
        return invalid_input(fmt::format("the world has no part \"{}\": it has {}", name, names));
    Part& part = *found;
    if (part.act != Act::none)
        return invalid_input(part.label + " is being stopped, started or reloaded already");
    if (verb != "stop" && verb != "restart" && verb != "reload")
        return invalid_input(
            fmt::format("\"{}\" is not known: stop, restart and reload are", verb));
    // What is refused is no event of the world.
    if (auto allowed = verb == "reload" ? check_reload(part) : check_stop(part, verb); !allowed)
        return allowed.error();
    TimelineEntry entry = own_entry(
        LogLevel::info, "act", fmt::format("{}: {} was asked for", part.label, verb), part.label);
    entry.fields["request"] = verb;
    tell_(entry);
    part.act_failure.reset();
    auto begun = verb == "reload"                  ? begin_reload(part)
                 : part.ended && verb == "restart" ? begin_start(part)
                 : verb == "restart"               ? begin_stop(part, Act::restart)
                                                   : begin_stop(part, Act::stop);
    if (!begun)
        return begun.error();
    return &part;
}

Result<void> WorldRun::check_stop(const Part& part, const std::string& verb) const {
    if (part.enclave == nullptr)
        return invalid_input(part.label + " is not an enclave: only enclaves stop and start again");
    if (part.ended && verb == "stop")
        return invalid_input(part.label + " does not run");
    return {};
}

Result<void> WorldRun::check_reload(const Part& part) const {
    const auto proxy = std::find_if(world_.proxies.begin(), world_.proxies.end(),
                                    [&](const ProxyPart& one) { return one.label == part.label; });
    if (proxy == world_.proxies.end())
        return invalid_input(part.label + " is not a proxy: only proxies have rules to read again");
    if (!proxy->vsock_proxy.empty() || proxy->allowlists.empty())
        return invalid_input(part.label +
                             " has no allowlist to read again: its rules are in the world's "
                             "file, which is read once");
    if (machines_)
        return invalid_input(part.label +
                             " runs in a virtual machine, whose allowlist is "
                             "read again within a second after a change");
    if (part.ended)
        return invalid_input(part.label + " has ended");
    return {};
}

// By the signal that `glovebox proxy` has for it; without files it has nothing to read.
Result<void> WorldRun::begin_reload(Part& part) {
    part.act = Act::reload;
    part.process->send_signal(SIGHUP);
    return {};
}

void WorldRun::take_reload(Part& part, const TimelineEntry& entry) {
    if (part.act != Act::reload || entry.component != "proxy")
        return;
    if (entry.event == "reloaded")
        end_act(part);
    else if (entry.event == "not_reloaded")
        end_act(part, invalid_input(entry.message));
}

// By a power-off, as on Nitro.
Result<void> WorldRun::begin_stop(Part& part, Act act) {
    if (part.restart_at) {  // it has ended, and waits for its next start
        if (act == Act::restart) {
            part.restart_at = std::chrono::steady_clock::now();
            part.act = Act::start;
            changed_.cancel();
            return {};
        }
        part.restart_at.reset();
        part.ended = part.is_stopped = true;
        return {};
    }
    part.act = act;
    if (machines_ || options_.on_hardware) {
        part.process->send_signal(SIGTERM);
        return {};
    }
    auto stopper = core::ChildProcess::start(context_, commands_.stop(part.cid),
                                             [](core::ChildProcess::Output, const std::string&) {});
    if (!stopper) {
        part.act = Act::none;
        return stopper.error();
    }
    part.stopper = std::move(*stopper);
    return {};
}

Result<void> WorldRun::begin_start(Part& part) {
    if (gets_new_cid(part))
        give_new_cid(part);
    TimelineEntry entry = own_entry(
        LogLevel::info, "restart",
        fmt::format("{} is started again, with CID {}", part.label, part.cid), part.label);
    entry.fields["cid"] = part.cid;
    tell_(entry);
    part.ended = part.is_stopped = false;
    part.act = Act::start;
    auto launched = launch_again(part);
    if (!launched) {
        part.ended = true;
        end_act(part, launched.error());
    }
    changed_.cancel();
    return launched;
}

Result<void> WorldRun::take_asked_end(Part& part, int status) {
    const bool starts_again = part.act == Act::restart;
    TimelineEntry ended =
        own_entry(LogLevel::info, "ended", part.label + " was stopped", part.label);
    ended.fields["status"] = status;
    tell_(ended);
    part.ended = part.is_stopped = true;
    part.stopper.reset();
    if (starts_again)
        return begin_start(part);
    end_act(part);
    return {};
}

// The enclave is ready, or `glovebox stop` does not know it yet: it has just been started.
void WorldRun::look_at_act(Part& part) {
    if (part.act == Act::start && part.ready)
        end_act(part);
    if (part.stopper && part.stopper->status().value_or(0) != 0) {
        part.stopper.reset();
        part.process->send_signal(SIGTERM);
    }
}

void WorldRun::end_act(Part& part, std::optional<Error> failure) {
    if (part.act == Act::none)
        return;
    part.act = Act::none;
    part.act_failure = std::move(failure);
    act_ended_.cancel();
}

}  // namespace glovebox::up
