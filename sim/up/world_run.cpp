// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_run.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <boost/system/errc.hpp>

#include "core/base/clock.h"
#include "sim/up/part_end.h"
#include "sim/up/switch_refusals.h"

namespace glovebox::up {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// For one group of parts. An enclave's own limit is its ready_timeout, which `glovebox run` holds.
constexpr auto ready_limit = 30s;
// With machines that boot, which emulation on a busy machine makes long.
constexpr auto machines_ready_limit = 180s;
constexpr auto end_timeout = 10s;
// Where an enclave may have to boot before nitro-cli can terminate it.
constexpr auto hardware_end_timeout = 240s;
constexpr auto idle_interval = 1h;
// How long a part that has ended is waited for to have its last lines read.
constexpr auto last_lines_limit = 1s;
// Between the end of an enclave and its next start; doubled each time, as Docker does.
constexpr std::chrono::milliseconds first_restart_delay = 100ms;
constexpr std::chrono::milliseconds last_restart_delay = 60s;
// An enclave that has run this long begins with the first delay again.
constexpr auto settled_after = 10s;

Error failed(std::string message) {
    return Error(make_error_code(boost::system::errc::io_error), std::move(message));
}

// The level of a part's log by its name in the world file; the lowest without one.
LogLevel level_of(std::string_view name) {
    const auto* const found = std::find(log_level_names.begin(), log_level_names.end(), name);
    return found == log_level_names.end() ? LogLevel::debug
                                          : static_cast<LogLevel>(found - log_level_names.begin());
}

}  // namespace

WorldRun::WorldRun(asio::io_context& context, const transports::World& meeting,
                   const WorldFile& world, RunOptions options, Tell tell)
    : context_(context),
      meeting_(meeting),
      listeners_changed_(context),
      world_(world),
      options_(std::move(options)),
      commands_(world, options_.program, meeting.path(), options_.pki),
      tell_(std::move(tell)),
      changed_(context),
      act_ended_(context, Time::max()) {
    if (options_.in_machines)
        commands_.run_in(machines_.emplace(world, options_.program, meeting.path()));
    if (options_.on_hardware)
        commands_.run_on_hardware();
}

Result<WorldRun::Part*> WorldRun::start(std::string label, core::Command command,
                                        const std::string& log_level, const EnclavePart* enclave) {
    auto part = std::make_unique<Part>();
    part->label = std::move(label);
    part->command = std::move(command);
    part->log_level = log_level;
    part->enclave = enclave;
    if (const auto launched = launch(*part); !launched)
        return launched.error();
    parts_.push_back(std::move(part));
    return parts_.back().get();
}

Result<void> WorldRun::launch(Part& part) {
    auto process = core::ChildProcess::start(
        context_, part.command,
        [this, &part](core::ChildProcess::Output output, const std::string& line) {
            take_line(part, output, line);
        },
        [this] { changed_.cancel(); });
    if (!process)
        return Error(process.error()).in(part.label);
    part.process = std::move(*process);
    part.started_at = std::chrono::steady_clock::now();
    part.ended_at.reset();
    part.restart_at.reset();
    part.last_error.clear();
    // On hardware it boots first, which its log tells.
    part.ready = part.enclave != nullptr && !part.enclave->ready && !options_.on_hardware;
    part.was_ready |= part.ready;
    return {};
}

void WorldRun::take_line(Part& part, core::ChildProcess::Output output, const std::string& line) {
    const bool is_error_line = output == core::ChildProcess::Output::standard_error;
    const Writers writers =
        part.enclave != nullptr ? Writers::glovebox_and_program : Writers::glovebox;
    TimelineEntry entry = is_error_line ? entry_of_error_line(part.label, line, writers)
                                        : entry_of_output(part.label, line);
    if (entry.component == "vsock-switch" && entry.event == "refused") {
        if (const auto refusal = refusal_of_program(entry, world_))
            tell_(*refusal);
        return;
    }
    if (machines_)  // their clocks are not this machine's
        entry.time = now_text();
    const bool is_failure = entry.event == "failed" && entry.component == "glovebox";
    if (is_failure)
        entry.message = in_words_of_file(entry.message, part.label, world_);
    if (entry.component.empty() || entry.level >= level_of(part.log_level))
        tell_(entry);
    if (is_failure)
        part.last_error = entry.message;
    take_reload(part, entry);
    if (part.ready || part.waits_for)
        return;
    if (!part.ready_text.empty() ? entry.message.find(part.ready_text) == std::string::npos
                                 : entry.event != "ready")
        return;
    part.ready = true;
    part.http = text_field(entry, "http");
    part.https = text_field(entry, "https");
    changed_.cancel();
}

Result<void> WorldRun::check() {
    watch_->forget();
    const Time now = std::chrono::steady_clock::now();
    for (const auto& part : parts_) {
        if (part->ended)
            continue;
        if (part->restart_at) {
            if (now >= *part->restart_at)
                if (const auto launched = launch_again(*part); !launched)
                    return launched.error();
            continue;
        }
        if (!part->ready && part->waits_for && meeting_.is_listening(*part->waits_for)) {
            part->ready = true;
            tell_(own_entry(LogLevel::info, "ready", part->label + " is ready", part->label));
        }
        part->was_ready |= part->ready;
        look_at_act(*part);
        const auto status = part->process->status();
        if (!status)
            continue;
        if (!part->ended_at)
            part->ended_at = now;
        if (!part->process->output_has_ended() && now < *part->ended_at + last_lines_limit)
            continue;
        if (auto taken = take_end(*part, *status); !taken)
            return taken.error();
    }
    return {};
}

Result<void> WorldRun::take_end(Part& part, int status) {
    if (part.act == Act::stop || part.act == Act::restart)
        return take_asked_end(part, status);
    const std::string how = describe({part.label, status, part.was_ready, part.last_error}, world_);
    end_act(part, failed(how));
    const bool is_failure = part.enclave == nullptr || status != 0 || !part.ready;
    const bool is_allowed = part.enclave != nullptr && part.enclave->allow_exit;
    if (is_failure && part.was_ready && part.enclave != nullptr &&
        part.enclave->restart == "on-failure") {
        plan_restart(part, how);
        return {};
    }
    part.ended = true;
    if (!part.was_ready || (is_failure && !is_allowed))
        failed_parts_.push_back(part.label);
    // The part's own error is on the timeline already.
    const std::string briefly = describe({part.label, status, part.was_ready, {}}, world_);
    TimelineEntry ended =
        is_failure ? own_entry(is_allowed ? LogLevel::info : LogLevel::warning, "ended", briefly,
                               part.label)
                   : own_entry(LogLevel::info, "ended", part.label + " has ended", part.label);
    ended.fields["status"] = status;
    tell_(ended);
    if (!part.was_ready)
        return failed(how);
    if (is_failure && !is_allowed)
        failures_.push_back(how);
    if (part.enclave != nullptr && options_.abort_on_exit && !is_allowed && !aborted_)
        aborted_ = failed(how + "; --abort-on-exit ends the world with it");
    return {};
}

// As on Nitro: the file can name a CID, and otherwise no enclave gets one that another had before.
// A virtual machine keeps its own, since its enclave starts again in it.
bool WorldRun::gets_new_cid(const Part& part) const {
    return !part.enclave->has_fixed_cid && !machines_;
}

void WorldRun::give_new_cid(Part& part) {
    for (const auto& other : parts_)
        part.cid = std::max(part.cid, other->cid);
    EnclavePart again = *part.enclave;
    again.cid = ++part.cid;
    part.command = commands_.enclave(again);
    if (part.waits_for)
        part.waits_for->cid = part.cid;
}

Result<void> WorldRun::launch_again(Part& part) {
    const auto named = name(part);
    return named ? launch(part) : named;
}

void WorldRun::plan_restart(Part& part, const std::string& how) {
    const Time now = std::chrono::steady_clock::now();
    const bool has_settled = now - part.started_at >= settled_after;
    part.restart_delay = part.restart_delay == 0ms || has_settled
                             ? first_restart_delay
                             : std::min(part.restart_delay * 2, last_restart_delay);
    part.restart_at = now + part.restart_delay;
    std::string sentence =
        fmt::format("{}; it is started again in {}", how, format_duration(part.restart_delay));
    if (gets_new_cid(part)) {
        give_new_cid(part);
        sentence += fmt::format(", with CID {}", part.cid);
    }
    TimelineEntry entry = own_entry(LogLevel::warning, "restart", std::move(sentence), part.label);
    entry.fields["cid"] = part.cid;
    tell_(entry);
}

void WorldRun::await_listeners() {
    if (is_awaiting_listeners_)
        return;
    is_awaiting_listeners_ = true;
    listeners_changed_.async_wait(asio::posix::descriptor_base::wait_read,
                                  [this](const boost::system::error_code& failure) {
                                      is_awaiting_listeners_ = false;
                                      if (!failure)
                                          changed_.cancel();
                                  });
}

// Whether a part that was started again has yet to listen.
bool WorldRun::is_awaiting_restarted() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) {
        return part->waits_for && !part->ready && !part->ended && !part->restart_at;
    });
}

// Whether a part has ended, and take_end() is still to come.
bool WorldRun::is_reading_last_lines() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) {
        return part->ended_at && !part->ended && !part->restart_at;
    });
}

// When check() has something to do though nothing changed.
WorldRun::Time WorldRun::next_deadline() const {
    Time next = std::chrono::steady_clock::now() + idle_interval;
    for (const auto& part : parts_) {
        if (part->restart_at)
            next = std::min(next, *part->restart_at);
        else if (part->ended_at && !part->ended)
            next = std::min(next, *part->ended_at + last_lines_limit);
    }
    return next;
}

asio::awaitable<void> WorldRun::next_change(Time at_the_latest) {
    boost::system::error_code ignored;
    changed_.expires_at(at_the_latest);
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<Result<void>> WorldRun::all_ready(Result<void> (WorldRun::*start_more)()) {
    const auto limit = machines_ ? machines_ready_limit : ready_limit;
    const Time end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        auto good = check();
        if (good && start_more != nullptr)
            good = (this->*start_more)();
        if (!good)
            co_return good.error();
        const auto waiting = std::find_if(parts_.begin(), parts_.end(),
                                          [](const auto& part) { return !part->was_ready; });
        if (waiting == parts_.end())
            co_return Result<void>();
        if (signals_ > 0)
            co_return failed("stopped before everything was ready");
        const bool has_own_limit = (*waiting)->enclave != nullptr;
        if (!has_own_limit && std::chrono::steady_clock::now() > end)
            co_return failed(fmt::format(
                "{} was not ready within {} s{}", (*waiting)->label, limit.count(),
                (*waiting)->waits_for
                    ? fmt::format(": nothing listens at {}", to_string(*(*waiting)->waits_for))
                    : ""));
        await_listeners();
        co_await next_change(has_own_limit ? next_deadline() : std::min(end, next_deadline()));
    }
}

asio::awaitable<Result<int>> WorldRun::live() {
    for (;;) {
        const auto status = command_ ? command_->status() : std::nullopt;
        const Time kill_at = first_signal_at_ + end_timeout;
        const bool is_told = command_ && !status && signals_ > 0;
        // It was asked once, and has had its time; end_all() asks nobody.
        if (is_told && (signals_ > 1 || std::chrono::steady_clock::now() > kill_at))
            co_return 128 + first_signal_;
        if (auto good = check(); !good)
            co_return good.error();
        if (status && !is_reading_last_lines())
            co_return *status;
        if (aborted_)
            co_return *aborted_;
        if (!command_ && (signals_ > 0 || is_over()))
            co_return 0;
        if (is_awaiting_restarted())
            await_listeners();
        co_await next_change(is_told ? std::min(kill_at, next_deadline()) : next_deadline());
    }
}

// Without a command: nothing is left to run, or what the enclaves need has failed.
bool WorldRun::is_over() const {
    const bool enclaves_ended =
        !world_.enclaves.empty() && std::all_of(parts_.begin(), parts_.end(), [](const auto& part) {
            return part->enclave == nullptr || (part->ended && !part->is_stopped);
        });
    return enclaves_ended || std::any_of(parts_.begin(), parts_.end(), [](const auto& part) {
               return part->enclave == nullptr && part->ended;
           });
}

asio::awaitable<void> WorldRun::end_all() {
    const bool is_overdue = first_signal_ != 0 && command_ && !command_->status();
    const auto end = std::chrono::steady_clock::now() +
                     (options_.on_hardware ? hardware_end_timeout : end_timeout);
    if (command_)
        command_->send_signal(is_overdue ? SIGKILL : SIGTERM);
    // What runs in a machine ends before the machine.
    const std::size_t machines = std::min(parts_.size(), machine_parts_);
    for (std::size_t i = parts_.size(); i > machines; --i)
        parts_[i - 1]->process->send_signal(SIGTERM);
    const auto has_ended = [](const auto& part) { return part->process->status().has_value(); };
    bool has_stopped_machines = false;
    bool killed = false;
    for (;;) {
        if (!has_stopped_machines && (!command_ || command_->status()) &&
            std::all_of(parts_.begin() + static_cast<std::ptrdiff_t>(machines), parts_.end(),
                        has_ended)) {
            has_stopped_machines = true;
            for (std::size_t i = machines; i > 0; --i)
                parts_[i - 1]->process->send_signal(SIGTERM);
        }
        const bool ended = (!command_ || command_->status()) &&
                           std::all_of(parts_.begin(), parts_.end(), has_ended);
        if (ended)
            co_return;
        if (!killed && (std::chrono::steady_clock::now() > end || signals_ > 1)) {
            killed = true;
            if (command_)
                command_->send_signal(SIGKILL);
            for (const auto& part : parts_)
                part->process->send_signal(SIGKILL);
        }
        co_await next_change(killed ? std::chrono::steady_clock::now() + idle_interval : end);
    }
}

asio::awaitable<Result<Outcome>> WorldRun::run() {
    auto watch = transports::ListenerWatch::make(meeting_);
    if (!watch)
        co_return watch.error();
    watch_.emplace(std::move(*watch));
    listeners_changed_.assign(watch_->fd());
    Result<void> good;
    if (machines_)
        good = co_await all_ready(&WorldRun::start_machines);
    else
        good = start_faults();
    if (good)
        good = co_await all_ready();
    if (good)
        good = open_faults();
    if (good)
        good = start_services();
    if (good)
        good = co_await all_ready();
    if (good)
        good = start_proxies();
    if (good)
        good = co_await all_ready();
    if (good)
        good = co_await all_ready(&WorldRun::start_enclaves);
    if (good)
        good = start_forwards();
    if (good)
        good = co_await all_ready();
    if (good) {
        tell_(own_entry(LogLevel::info, "ready",
                        fmt::format("ready: world {}{}", meeting_.path(), addresses_)));
        options_.is_ready();
        if (planned_faults_)
            planned_faults_->start();
        auto control = ControlSocket::open(context_.get_executor(), meeting_.directory(),
                                           [this](json::object asked) { return act(asked); });
        if (control)
            control_ = std::move(*control);
        else
            good = control.error();
        if (good && !options_.command.empty())
            good = start_command();
    }
    Result<int> status = 0;
    if (good)
        status = co_await live();
    else
        status = good.error();
    options_.is_ending();
    if (planned_faults_)
        planned_faults_->stop();
    if (control_)
        co_await control_->finish();
    co_await end_all();
    if (command_log_) {
        command_log_->drain();
        command_log_->close();
    }
    (void)listeners_changed_.release();  // it is the watch's
    if (!status)
        co_return status.error();
    co_return Outcome{*status, failures_};
}

void WorldRun::stop(int signal) {
    if (++signals_ == 1) {
        first_signal_ = signal;
        first_signal_at_ = std::chrono::steady_clock::now();
        if (command_)
            command_->send_signal(signal);
    }
    changed_.cancel();
}

}  // namespace glovebox::up
