// glovebox proxy: the parent's side of an enclave's way to the network.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/allowlist_file.h"
#include "sim/cli/duration_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/number_option.h"
#include "sim/cli/proxy_service.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  An enclave's port 8000 of the parent leads to one host:
    glovebox proxy --listen 8000=kms.us-east-1.amazonaws.com:443
  A CONNECT proxy, open for what an allowlist names, and a fixed target beside it:
    glovebox proxy --listen 8001=connect --listen 8000=kms.us-east-1.amazonaws.com:443
                   --allowlist vsock-proxy.yaml --allow '*.example.com:443'
  KMS is the one of glovebox kms --listen-tls 127.0.0.1:4600, whatever the enclave calls it:
    glovebox proxy --listen 8000=kms.us-east-1.amazonaws.com:443
                   --resolve kms.us-east-1.amazonaws.com:443=127.0.0.1:4600

Rules (HOST:PORT; in a file, AWS's form: allowlist: [{address: HOST, port: PORT}])
  HOST  example.com; *.example.com (every name below it); * (every name); 192.0.2.7; 10.0.0.0/8;
        in --allow, IPv6 in brackets: [2001:db8::7], [2001:db8::]/32
  PORT  443; 8000-8010; *
  This host, its link (169.254.169.254!) and the like are opened only by a rule for that address.

Each connection is one line in the log when it opens and one when it closes. SIGTERM ends the
listeners and gives open connections the grace time; a second one ends them at once.)";

struct Options {
    std::vector<std::string> routes;
    std::vector<std::string> allowlist_files;
    std::vector<std::string> rules;
    std::vector<std::string> resolved;
    bool allow_all = false;
    ProxyService service;
    LogOption log;
};

std::string explain_route(const std::string& text) {
    const auto route = core::parse_proxy_route(text);
    return route ? std::string() : route.error().message;
}

std::string explain_resolved(const std::string& text) {
    const auto resolved = core::parse_resolved_target(text);
    return resolved ? std::string() : resolved.error().message;
}

std::string explain_rule(const std::string& text) {
    const auto rule = core::AllowRule::parse(text);
    if (rule)
        return {};
    std::error_code ignored;
    if (std::filesystem::exists(text, ignored))
        return "\"" + text + "\" is a file: --allowlist reads it, --allow takes a rule";
    return rule.error().message;
}

// Without any rule the fixed targets are the allowlist: they were named by the same person.
core::Allowlist make_allowlist(const Options& options,
                               const std::vector<core::ProxyRoute>& routes) {
    core::Allowlist allowlist =
        options.allow_all ? core::Allowlist::everything() : core::Allowlist();
    for (const std::string& file : options.allowlist_files)
        allowlist.add(core::read_allowlist(file).value());
    for (const std::string& rule : options.rules)
        allowlist.add(core::AllowRule::parse(rule).value());
    const bool has_rules =
        options.allow_all || !options.allowlist_files.empty() || !options.rules.empty();
    const bool has_resolved = !options.resolved.empty();
    for (const core::ProxyRoute& route : routes) {
        if (has_rules)
            break;
        if (!route.target && has_resolved)
            continue;
        if (!route.target)
            throw CLI::ValidationError(
                "--listen",
                "a CONNECT proxy needs to know where it may go: give --allowlist FILE, "
                "--allow HOST:PORT, --allow-all or --resolve");
        allowlist.add(core::AllowRule::of(*route.target));
    }
    return allowlist;
}

void run(Options& options) {
    ProxyService& service = options.service;
    for (const std::string& text : options.routes)
        service.routes.push_back(core::parse_proxy_route(text).value());
    service.allowlist = make_allowlist(options, service.routes);
    service.dialer.resolved = resolved_by_environment().value();
    for (const std::string& text : options.resolved)
        service.dialer.resolved.push_back(core::parse_resolved_target(text).value());
    const auto log = options.log.make("proxy");
    const std::size_t listeners = service.routes.size();
    const std::size_t rules = service.allowlist.rules().size();
    service.serve(*log, [&] {
        log->info("ready: {} listeners, {} rules in the allowlist", listeners, rules);
    });
}

}  // namespace

void add_proxy_command(CLI::App& app, int& exit_status) {
    auto options = std::make_shared<Options>();
    CLI::App& command = *app.add_subcommand(
        "proxy", "On the parent: carries an enclave's connections to hosts on the network");
    command.footer(examples);
    command
        .add_option("--listen", options->routes,
                    "A vsock port and its target: 8000=example.com:443, or 8001=connect for a "
                    "CONNECT proxy. Any number of them")
        ->type_name("PORT=TARGET")
        ->required()
        ->check(CLI::Validator(explain_route, ""));
    command
        .add_option("--allowlist", options->allowlist_files,
                    "Where connections may go: a file in the form of AWS's vsock-proxy.yaml. "
                    "Several are joined")
        ->type_name("FILE");
    command.add_option("--allow", options->rules, "A rule more, for example '*.example.com:443'")
        ->type_name("HOST:PORT")
        ->check(CLI::Validator(explain_rule, ""));
    command
        .add_option(
            "--resolve", options->resolved,
            "Whoever asks for HOST:PORT reaches ADDRESS:PORT instead, allowlist or not. Any "
            "number of them")
        ->type_name("HOST:PORT=ADDRESS:PORT")
        ->check(CLI::Validator(explain_resolved, ""));
    command.add_flag("--allow-all", options->allow_all,
                     "Every name and every address but those that only a rule of their own opens");
    add_duration_option(command, "--idle-timeout", options->service.proxy.relay.idle_timeout,
                        "Ends a connection on which nothing moved for so long; 0s for never");
    add_duration_option(command, "--connect-timeout", options->service.dialer.connect_timeout,
                        "For reaching a target, all its addresses together");
    add_duration_option(command, "--lookup-timeout", options->service.resolver.deadline,
                        "For looking a name up");
    add_duration_option(command, "--grace", options->service.proxy.grace,
                        "What open connections get when the proxy is to end");
    command
        .add_option("--max-connections", options->service.proxy.connections_max,
                    "Further connections wait until one ends; fewer where the limit on open "
                    "descriptors (ulimit -n) does not hold as many")
        ->type_name("N")
        ->check(
            number_between("a number of connections", 1, std::numeric_limits<std::size_t>::max()))
        ->capture_default_str();
    options->service.transport.add_to(command);
    options->log.add_to(command);
    command.callback([options, &exit_status] {
        run(*options);
        exit_status = exit_done;
    });
}

}  // namespace glovebox::cli
