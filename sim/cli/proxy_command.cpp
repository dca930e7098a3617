// SPDX-License-Identifier: Apache-2.0

// glovebox proxy: the parent's side of an enclave's way to the network.

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "core/base/limited_log.h"
#include "sim/cli/log_option.h"
#include "sim/cli/programs.h"
#include "sim/cli/proxy_check_command.h"
#include "sim/cli/proxy_top_command.h"
#include "sim/cli/rule_options.h"
#include "sim/cli/served_targets.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/socket_needs.h"
#include "sim/cli/transport_option.h"
#include "sim/vsock_proxy/proxy_service.h"

namespace glovebox::cli {
namespace {

// Without any rule the fixed targets are the allowlist: they were named by the same person.
core::Allowlist allowlist_of(const std::vector<core::ProxyRoute>& routes, bool may_be_empty) {
    core::Allowlist allowlist;
    for (const core::ProxyRoute& route : routes) {
        if (route.target)
            allowlist.add(core::TargetRule::of(*route.target));
        else if (!may_be_empty)
            throw UsageError(
                "--listen: a CONNECT proxy needs to know where it may go: give --allowlist FILE, "
                "--allow HOST:PORT, --allow-all or --resolve");
    }
    return allowlist;
}

// "localhost" is looked up as any name is, and its addresses need rules of their own: every
// connection would be refused.
void warn_of_localhost(const vsock_proxy::ProxyService& service, Log& log) {
    const auto loopback = boost::asio::ip::make_address("127.0.0.1");
    for (const core::ProxyRoute& route : service.routes) {
        if (!route.target || core::to_string(route.target->host) != "localhost")
            continue;
        const auto& resolved = service.dialer.resolved;
        if (std::any_of(resolved.begin(), resolved.end(),
                        [&](const auto& one) { return one.target == *route.target; }))
            continue;
        if (const auto good =
                service.allowlist.may_dial(*route.target, core::cid_any, loopback, {});
            !good)
            log.warning("refused", "connections to vsock port {} will be refused: {}",
                        route.listen.port, good.error().message);
    }
}

// The folders of files that are read again when they change, of its successor, and of its sockets.
core::Needs needs_of(const vsock_proxy::ProxyService& service) {
    core::Needs needs{.connects_by_tcp = true, .starts_programs = true};
    for (const std::string& file : service.allowlist_files)
        needs.readable.push_back(folder_of(file));
    needs.readable.push_back(folder_of(std::filesystem::read_symlink("/proc/self/exe")));
    add_sockets(needs, service.transport, service.status);
    return needs;
}

int proxy(const Values& values) {
    vsock_proxy::ProxyService service;
    for (const std::string& text : values.list("--listen"))
        service.routes.push_back(core::parse_proxy_route(text).value());
    const RuleSources rules = RuleSources::of(values);
    service.allowlist = rules.read_all().value();
    if (!rules.are_given())
        service.allowlist.add(allowlist_of(service.routes, values.has("--resolve")));
    if (!rules.files.empty()) {
        service.allowlist_files = rules.files;
        service.read_allowlist = [rules] { return rules.read_all(); };
    }
    for (const std::string& text : values.list("--resolve"))
        service.dialer.resolved.push_back(core::parse_resolved_target(text).value());
    // After the options, so that those hold.
    for (core::ResolvedTarget& resolved : vsock_proxy::resolved_by_environment().value())
        service.dialer.resolved.push_back(std::move(resolved));
    service.proxy.ends_forbidden = values.flag("--end-forbidden");
    for (const std::string& text : values.list("--proxy-protocol-to"))
        service.proxy.proxy_protocol_to.push_back(core::parse_target(text).value());
    service.proxy.relay.idle_timeout = values.duration("--idle-timeout");
    service.proxy.relay.half_close_timeout = values.duration("--half-close-timeout");
    service.dialer.connect_timeout = values.duration("--connect-timeout");
    service.resolver.deadline = values.duration("--lookup-timeout");
    service.proxy.grace = values.duration("--grace");
    service.proxy.slots.open_max = values.number<std::size_t>("--max-connections");
    service.proxy.first_bytes = traced_bytes(values);
    service.threads = values.number<std::size_t>("--threads");
    service.transport = transport_choice(values);
    service.dialer.served = served_targets(service.transport);
    const auto whole_log = make_log(values, "proxy");
    const auto log =
        std::make_unique<LimitedLog>(*whole_log, values.number<std::size_t>("--log-rate"));
    const std::size_t listeners = service.routes.size();
    const std::size_t rule_count = service.allowlist.size();
    service.command = values.list("COMMAND");
    warn_of_localhost(service, *log);
    service.manager = core::ServiceManager::take_environment();
    service.inherited = std::make_shared<core::InheritedSockets>(
        core::InheritedSockets::take_environment().value());
    if (values.has("--status"))
        service.status = core::parse_status_address(values.text("--status")).value();
    service.version = glovebox_program().version;
    service.needs = needs_of(service);
    return service.serve(*log, [&] {
        const std::string what = fmt::format(
            "{}, {} in the allowlist", counted(listeners, "listener"), counted(rule_count, "rule"));
        log->info("ready", "ready: {}", what);
        return what;
    });
}

std::string resolved_key(const std::string& text) {
    const auto parsed = core::parse_resolved_target(text);
    return parsed ? core::target_name(*parsed) : text;
}

}  // namespace

Command proxy_command() {
    return {
        .name = "proxy",
        .summary = "Carry an enclave's connections to hosts on the network",
        .description = {"Runs on the parent. The log has one line when a connection opens and one "
                        "when it closes. SIGTERM closes the listeners and gives open connections "
                        "the grace time; a second SIGTERM closes them at once.",
                        "A file of --allowlist is read again when it changes, and on SIGHUP. "
                        "Connections that are open stay, unless --end-forbidden is given. A file "
                        "that can't be read is logged with "
                        "line and column, and the rules stay as they are.",
                        "SIGUSR2 replaces the proxy: the program is started anew, with the same "
                        "arguments, takes the listeners over, and this process ends with its last "
                        "connection. Nobody is refused meanwhile.",
                        "With a command, the proxy starts it when all ports listen, ends with it "
                        "and returns its exit status."},
        .options = command_line::joined(
            {{{.name = "--listen",
               .placeholder = "PORT=TARGET",
               .check = problem_by<core::parse_parent_route>,
               .repeat = Repeat::list,
               .is_required = true,
               .summary = "A vsock port and its target: 8000=example.com:443, or 8001=connect for "
                          "a proxy for HTTP (CONNECT and http://) and SOCKS 5"},
              {.name = "--resolve",
               .placeholder = "HOST:PORT=ADDRESS:PORT",
               .check = problem_by<core::parse_resolved_target>,
               .repeat = Repeat::map,
               .key_of = resolved_key,
               .summary =
                   "Connect to ADDRESS:PORT instead of HOST:PORT, whatever the allowlist says"},
              {.name = "--proxy-protocol-to",
               .placeholder = "HOST:PORT",
               .check = problem_by<core::parse_target>,
               .repeat = Repeat::list,
               .summary = "Begin connections to this target with a PROXY header (version 2) that "
                          "has the enclave's CID and vsock port"},
              {.name = "--end-forbidden",
               .kind = Kind::flag,
               .summary = "When rules are read again, end the open connections that they forbid; "
                          "otherwise these stay"},
              idle_timeout_option(),
              half_close_timeout_option(),
              {.name = "--connect-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary =
                   "Give up a connection to a target, over all its addresses, after this time",
               .default_value = "10s"},
              {.name = "--lookup-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "Give up the lookup of a name after this time",
               .default_value = "5s"},
              {.name = "--grace",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "How long open connections may go on when the proxy stops",
               .default_value = "5s"},
              max_connections_option(),
              threads_option(),
              trace_traffic_option(),
              status_option()},
             rule_options(),
             transport_options(),
             log_options(),
             {log_rate_option()}}),
        .positionals = {{.name = "COMMAND",
                         .repeat = Repeat::list,
                         .summary = "The command and its arguments, after --",
                         .completion = Completion::program}},
        .examples =
            {{"An enclave's connections to port 8000 of the parent lead to one host",
              "glovebox proxy --listen 8000=kms.us-east-1.amazonaws.com:443"},
             {"A CONNECT proxy, open for what an allowlist names, and a fixed target beside it",
              "glovebox proxy --listen 8001=connect \\\n"
              "    --listen 8000=kms.us-east-1.amazonaws.com:443 \\\n"
              "    --allowlist vsock-proxy.yaml --allow '*.example.com:443'"},
             {"KMS is the one of glovebox kms --listen-tls 127.0.0.1:4600, whatever the enclave "
              "calls it",
              "glovebox proxy --listen 8000=kms.us-east-1.amazonaws.com:443 \\\n"
              "    --resolve kms.us-east-1.amazonaws.com:443=127.0.0.1:4600"}},
        .sections = {{"Rules", rules_text, true}},
        .variables = {{"GLOVEBOX_RESOLVE",
                       "The same as --resolve, with commas between several; --resolve takes "
                       "precedence. `glovebox up` sets it"}},
        .see_also = {"glovebox-forward(1)", "glovebox-kms(1)", "glovebox-proxy-check(1)",
                     "glovebox-proxy-top(1)", "vsock-proxy(1)"},
        .subcommands = {proxy_check_command(), proxy_top_command()},
        .run = proxy};
}

}  // namespace glovebox::cli
