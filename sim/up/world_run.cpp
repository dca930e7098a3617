// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_run.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>

#include "core/vsock_address.h"
#include "sim/iam/arn.h"

namespace glovebox::up {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// For one group of parts; a busy machine is not a failure.
constexpr auto ready_timeout = 180s;
constexpr auto end_timeout = 10s;
constexpr auto idle_interval = 1h;

Error failed(std::string message) {
    return Error(make_error_code(boost::system::errc::io_error), std::move(message));
}

// What follows `scheme` in a line that says ready: "https://" gives "127.0.0.1:4600".
std::string address_in(const std::string& line, std::string_view scheme) {
    const std::size_t begin = line.find(scheme);
    if (begin == std::string::npos)
        return {};
    const std::size_t from = begin + scheme.size();
    return line.substr(from, line.find_first_of(",; ", from) - from);
}

}  // namespace

WorldRun::WorldRun(asio::io_context& context, const transports::World& meeting, WorldFile world,
                   RunPaths paths, std::vector<std::string> command, Tell tell)
    : context_(context),
      meeting_(meeting),
      listeners_changed_(context),
      world_(std::move(world)),
      paths_(std::move(paths)),
      arguments_(std::move(command)),
      tell_(std::move(tell)),
      changed_(context) {}

Result<WorldRun::Part*> WorldRun::start(const std::string& name, std::vector<std::string> arguments,
                                        const std::string& directory, Environment environment) {
    auto part = std::make_unique<Part>();
    part->name = name;
    Part* const one = part.get();
    arguments.insert(arguments.begin(), paths_.program);
    auto process = ChildProcess::start(
        context_, Command{std::move(arguments), std::move(environment), directory, true},
        [this, one](const std::string& line) {
            tell_(one->name, line);
            if (one->ready || one->waits_for || line.find(" ready: ") == std::string::npos)
                return;
            one->ready = true;
            one->ready_line = line;
            changed_.cancel();
        });
    if (!process)
        return Error(process.error()).in(name);
    part->process = std::move(*process);
    parts_.push_back(std::move(part));
    return one;
}

Result<void> WorldRun::start_services() {
    const auto with_pki = [&](std::vector<std::string> arguments) {
        if (!paths_.pki.empty())
            arguments.insert(arguments.end(), {"--pki", paths_.pki});
        return arguments;
    };
    std::string state = meeting_.path() + "/state";
    if (world_.kms) {
        if (!world_.kms->state.empty())
            state = world_.kms->state;
        std::vector<std::string> arguments{
            "kms",         "--listen",      "127.0.0.1:0",   "--listen-tls", "127.0.0.1:0",
            "--world",     meeting_.path(), "--state",       state,          "--region",
            world_.region, "--auth",        world_.kms->auth};
        if (!world_.kms->seed.empty())
            arguments.insert(arguments.end(), {"--seed", world_.kms->seed});
        if (auto part = start("kms", with_pki(std::move(arguments))); !part)
            return part.error();
    }
    if (world_.imds) {
        std::vector<std::string> arguments{"imds", "--listen", "127.0.0.1:0", "--state",
                                           state,  "--region", world_.region};
        if (!world_.role_arn.empty())
            arguments.insert(arguments.end(), {"--role-arn", world_.role_arn});
        if (world_.imds->require_tokens)
            arguments.emplace_back("--require-tokens");
        if (auto part = start("imds", with_pki(std::move(arguments))); !part)
            return part.error();
    }
    return {};
}

Result<void> WorldRun::start_proxies() {
    for (const auto& part : parts_) {
        const std::string http = address_in(part->ready_line, "http://");
        if (part->name == "kms") {
            kms_url_ = "http://" + http;
            kms_tls_address_ = address_in(part->ready_line, "https://");
        } else {
            imds_url_ = "http://" + http;
        }
    }
    for (const ProxyPart& proxy : world_.proxies) {
        if (!proxy.vsock_proxy.empty()) {
            if (auto started = start_vsock_proxy(proxy); !started)
                return started.error();
            continue;
        }
        std::vector<std::string> arguments{"proxy", "--world", meeting_.path()};
        const auto add = [&](const char* option, const std::string& value) {
            arguments.insert(arguments.end(), {option, value});
        };
        for (const std::string& route : proxy.listen)
            add("--listen", route);
        for (const std::string& rule : proxy.allow)
            add("--allow", rule);
        for (const std::string& file : proxy.allowlists)
            add("--allowlist", file);
        for (const std::string& resolved : proxy.resolve)
            add("--resolve", resolved);
        if (world_.kms)
            add("--resolve", kms_resolved());
        if (!proxy.idle_timeout.empty())
            add("--idle-timeout", proxy.idle_timeout);
        if (auto part = start(proxy.name, std::move(arguments)); !part)
            return part.error();
    }
    return {};
}

Result<void> WorldRun::start_vsock_proxy(const ProxyPart& proxy) {
    std::vector<std::string> arguments{"vsock-proxy"};
    arguments.insert(arguments.end(), proxy.vsock_proxy.begin(), proxy.vsock_proxy.end());
    auto part = start(proxy.name, std::move(arguments), {},
                      {{"GLOVEBOX_WORLD", meeting_.path()}, {"GLOVEBOX_RESOLVE", kms_resolved()}});
    if (!part)
        return part.error();
    (*part)->waits_for = {core::cid_parent, proxy.vsock_proxy_port};
    return {};
}

std::string WorldRun::kms_resolved() const {
    return world_.kms ? fmt::format("kms.{}.{}:443={}", world_.region,
                                    iam::domain_of(world_.region), kms_tls_address_)
                      : std::string();
}

Result<void> WorldRun::start_enclaves() {
    for (const EnclavePart& enclave : world_.enclaves) {
        std::vector<std::string> arguments{"run", "--world", meeting_.path(), "--cid",
                                           std::to_string(enclave.cid)};
        const auto add = [&arguments](const char* option, const std::string& value) {
            arguments.insert(arguments.end(), {option, value});
        };
        arguments.emplace_back("--attach-console");
        if (enclave.debug)
            arguments.emplace_back("--debug");
        if (enclave.trust_env)
            arguments.emplace_back("--trust-env");
        if (!enclave.eif.empty())
            add("--eif", enclave.eif);
        if (!enclave.root_fs.empty())
            add("--rootfs", enclave.root_fs);
        if (!enclave.isolation.empty())
            add("--isolation", enclave.isolation);
        if (enclave.memory_mib)
            add("--memory", std::to_string(*enclave.memory_mib));
        if (enclave.cpu_count)
            add("--cpus", std::to_string(*enclave.cpu_count));
        for (const std::string& mount : enclave.mounts)
            add("--mount", mount);
        for (const auto& [name, value] : enclave.environment)
            add("--env", name + "=" + value);
        if (!world_.role_arn.empty())
            arguments.insert(arguments.end(), {"--role-arn", world_.role_arn});
        arguments.insert(arguments.end(), {"--region", world_.region});
        if (!paths_.pki.empty())
            arguments.insert(arguments.end(), {"--pki", paths_.pki});
        if (!enclave.command.empty()) {
            arguments.emplace_back("--");
            arguments.insert(arguments.end(), enclave.command.begin(), enclave.command.end());
        }
        auto part = start(enclave.name, std::move(arguments), world_.folder);
        if (!part)
            return part.error();
        (*part)->is_enclave = true;
        (*part)->ready = !enclave.ready;
        if (enclave.ready)
            (*part)->waits_for = {enclave.cid, *enclave.ready};
    }
    return {};
}

Result<void> WorldRun::start_command() {
    Command command;
    command.is_service = false;
    command.arguments = {paths_.program, "parent", "--world", meeting_.path()};
    if (!imds_url_.empty())
        command.arguments.insert(command.arguments.end(),
                                 {"--imds", imds_url_.substr(std::string_view("http://").size())});
    if (world_.parent_trust_env)
        command.arguments.emplace_back("--trust-env");
    command.arguments.emplace_back("--");
    command.arguments.insert(command.arguments.end(), arguments_.begin(), arguments_.end());
    command.environment = {{"GLOVEBOX_WORLD", meeting_.path()},
                           {"AWS_REGION", world_.region},
                           {"AWS_DEFAULT_REGION", world_.region}};
    if (!kms_url_.empty()) {
        command.environment.emplace_back("AWS_ENDPOINT_URL_KMS", kms_url_);
        command.environment.emplace_back("GLOVEBOX_RESOLVE", kms_resolved());
    }
    if (!imds_url_.empty())
        command.environment.emplace_back("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds_url_);
    for (const auto& one : world_.parent_environment)
        command.environment.push_back(one);
    auto process = ChildProcess::start(context_, command, {});
    if (!process)
        return process.error();
    command_ = std::move(*process);
    return {};
}

Result<void> WorldRun::check() {
    watch_->forget();
    for (const auto& part : parts_) {
        if (!part->ready && part->waits_for && meeting_.is_listening(*part->waits_for)) {
            part->ready = true;
            tell_("up", fmt::format("{} is ready", part->name));
        }
        const auto status = part->process->status();
        if (!status || part->ended)
            continue;
        part->ended = true;
        if (!part->is_enclave || *status != 0 || !part->ready)
            return failed(
                fmt::format("{} ended with status {}{}; its output, which --quiet hides, "
                            "says why",
                            part->name, *status, part->ready ? "" : " before it was ready"));
        tell_("up", fmt::format("{} has ended", part->name));
    }
    return {};
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

asio::awaitable<void> WorldRun::next_change(Time at_the_latest) {
    boost::system::error_code ignored;
    changed_.expires_at(at_the_latest);
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<Result<void>> WorldRun::all_ready() {
    const auto end = std::chrono::steady_clock::now() + ready_timeout;
    for (;;) {
        if (auto good = check(); !good)
            co_return good.error();
        const auto waiting = std::find_if(parts_.begin(), parts_.end(),
                                          [](const auto& part) { return !part->ready; });
        if (waiting == parts_.end())
            co_return Result<void>();
        if (signals_ > 0)
            co_return failed("stopped before everything was ready");
        if (std::chrono::steady_clock::now() > end)
            co_return failed(fmt::format(
                "{} was not ready within {} s{}", (*waiting)->name, ready_timeout.count(),
                (*waiting)->waits_for
                    ? fmt::format(": nothing listens at {}", to_string(*(*waiting)->waits_for))
                    : ""));
        await_listeners();
        co_await next_change(end);
    }
}

asio::awaitable<Result<int>> WorldRun::live() {
    for (;;) {
        if (command_)
            if (const auto status = command_->status())
                co_return *status;
        // It was asked once, and has had its time; end_all() asks nobody.
        if (command_ && (signals_ > 1 || (signals_ == 1 && std::chrono::steady_clock::now() >
                                                               first_signal_at_ + end_timeout)))
            co_return 128 + first_signal_;
        if (auto good = check(); !good)
            co_return good.error();
        const bool enclaves_ended = !world_.enclaves.empty() &&
                                    std::all_of(parts_.begin(), parts_.end(), [](const auto& part) {
                                        return !part->is_enclave || part->ended;
                                    });
        if (!command_ && (signals_ > 0 || enclaves_ended))
            co_return 0;
        const Time kill_at = first_signal_at_ + end_timeout;
        const bool is_told = command_ && signals_ == 1;
        co_await next_change(is_told ? kill_at : std::chrono::steady_clock::now() + idle_interval);
    }
}

asio::awaitable<void> WorldRun::end_all() {
    const bool is_overdue = first_signal_ != 0 && command_ && !command_->status();
    const auto end = std::chrono::steady_clock::now() + end_timeout;
    if (command_)
        command_->send_signal(is_overdue ? SIGKILL : SIGTERM);
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
        (*part)->process->send_signal(SIGTERM);
    bool killed = false;
    for (;;) {
        const bool ended = (!command_ || command_->status()) &&
                           std::all_of(parts_.begin(), parts_.end(), [](const auto& part) {
                               return part->process->status().has_value();
                           });
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

asio::awaitable<Result<int>> WorldRun::run() {
    // Before anything starts, so that no listener is missed.
    auto watch = transports::ListenerWatch::make(meeting_);
    if (!watch)
        co_return watch.error();
    watch_.emplace(std::move(*watch));
    listeners_changed_.assign(watch_->fd());
    Result<int> status = 0;
    for (const auto step :
         {&WorldRun::start_services, &WorldRun::start_proxies, &WorldRun::start_enclaves}) {
        auto good = (this->*step)();
        if (good)
            good = co_await all_ready();
        if (!good) {
            status = good.error();
            break;
        }
    }
    if (status) {
        tell_("up", fmt::format("ready: world {}{}{}", meeting_.path(),
                                kms_url_.empty() ? "" : ", KMS " + kms_url_,
                                imds_url_.empty() ? "" : ", metadata " + imds_url_));
        if (!arguments_.empty())
            if (auto started = start_command(); !started)
                status = started.error();
    }
    if (status)
        status = co_await live();
    co_await end_all();
    (void)listeners_changed_.release();  // it is the watch's
    co_return status;
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
