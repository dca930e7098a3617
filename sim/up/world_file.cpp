#include "sim/up/world_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/allowlist.h"
#include "core/dialer.h"
#include "core/proxy_route.h"
#include "core/vsock_address.h"
#include "sim/iam/arn.h"
#include "sim/yaml/yaml_map.h"

namespace glovebox::up {
namespace {

constexpr std::int64_t port_max = 0xfffffffe;  // VMADDR_PORT_ANY is none
constexpr std::int64_t cid_max = 0xfffffffe;

// The path of a file that must be there.
std::string file(yaml::Map& map, std::string_view name, const std::string& text,
                 const std::string& folder) {
    const std::filesystem::path path = std::filesystem::path(folder) / text;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        map.mistake(name, fmt::format("there is no file {}", path.string()));
    return path.string();
}

template <class Parse>
void check(yaml::Map& map, std::string_view name, const std::vector<std::string>& texts,
           Parse parse) {
    for (const std::string& text : texts)
        if (const auto parsed = parse(text); !parsed)
            map.mistake(name, parsed.error().message);
}

KmsPart read_kms(yaml::Map& map, const std::string& folder) {
    KmsPart kms;
    if (const auto seed = map.text("seed"))
        kms.seed = file(map, "seed", *seed, folder);
    if (const auto state = map.text("state"))
        kms.state = (std::filesystem::path(folder) / *state).string();
    kms.auth = map.text("auth").value_or(kms.auth);
    if (kms.auth != "sigv4" && kms.auth != "off")
        map.mistake("auth", "sigv4 or off was expected");
    map.refuse_unknown();
    return kms;
}

ProxyPart read_proxy(const std::string& name, yaml::Map& map, const std::string& folder) {
    ProxyPart proxy;
    proxy.name = name;
    proxy.listen = map.texts("listen");
    if (proxy.listen.empty())
        map.mistake("listen", "missing: 8000=HOST:PORT or 8001=connect was expected");
    check(map, "listen", proxy.listen,
          [](const std::string& text) { return core::parse_proxy_route(text); });
    proxy.allow = map.texts("allow");
    check(map, "allow", proxy.allow,
          [](const std::string& text) { return core::AllowRule::parse(text); });
    proxy.resolve = map.texts("resolve");
    check(map, "resolve", proxy.resolve,
          [](const std::string& text) { return core::parse_resolved_target(text); });
    for (const std::string& text : map.texts("allowlist"))
        proxy.allowlists.push_back(file(map, "allowlist", text, folder));
    proxy.idle_timeout = map.text("idle_timeout").value_or("");
    map.refuse_unknown();
    return proxy;
}

EnclavePart read_enclave(const std::string& name, yaml::Map& map) {
    EnclavePart enclave;
    enclave.name = name;
    enclave.command = map.texts("command");
    if (enclave.command.empty())
        map.mistake("command", "missing: a program and its arguments were expected");
    enclave.cid =
        static_cast<std::uint32_t>(map.integer("cid", core::cid_parent + 1, cid_max).value_or(0));
    enclave.debug = map.flag("debug").value_or(false);
    if (const auto port = map.integer("ready", 0, port_max))
        enclave.ready = static_cast<std::uint32_t>(*port);
    enclave.trust_env = map.flag("trust_env").value_or(false);
    enclave.environment = map.named_texts("env");
    map.refuse_unknown();
    return enclave;
}

// Those that have none get the first free ones from 16 up, as Nitro gives them.
void give_cids(std::vector<EnclavePart>& enclaves) {
    std::set<std::uint32_t> taken;
    for (const EnclavePart& enclave : enclaves)
        taken.insert(enclave.cid);
    std::uint32_t next = 16;
    for (EnclavePart& enclave : enclaves) {
        if (enclave.cid != 0)
            continue;
        while (!taken.insert(next).second)
            ++next;
        enclave.cid = next;
    }
}

}  // namespace

Result<WorldFile> parse_world_file(std::string_view text, const std::string& name,
                                   const std::string& folder) {
    const auto document = yaml::Document::parse(text, name);
    if (!document)
        return document.error();
    yaml::Map top = document->top();
    WorldFile world;
    world.region = top.text("region").value_or(world.region);
    world.role_arn = top.text("role_arn").value_or("");
    if (!world.role_arn.empty())
        if (const auto role = iam::session_of(world.role_arn, "i-0"); !role)
            top.mistake("role_arn", role.error().message);
    if (auto map = top.map("kms"))
        world.kms = read_kms(*map, folder);
    if (auto map = top.map("imds")) {
        world.imds.emplace().require_tokens = map->flag("require_tokens").value_or(false);
        map->refuse_unknown();
    }
    for (auto& [proxy_name, map] : top.named_maps("proxies"))
        world.proxies.push_back(read_proxy(proxy_name, map, folder));
    std::set<std::uint32_t> cids;
    for (auto& [enclave_name, map] : top.named_maps("enclaves")) {
        world.enclaves.push_back(read_enclave(enclave_name, map));
        const std::uint32_t cid = world.enclaves.back().cid;
        if (cid != 0 && !cids.insert(cid).second)
            map.mistake("cid", fmt::format("{} is another enclave's too", cid));
    }
    if (auto map = top.map("parent")) {
        world.parent_trust_env = map->flag("trust_env").value_or(false);
        world.parent_environment = map->named_texts("env");
        map->refuse_unknown();
    }
    const bool trusts =
        world.parent_trust_env || std::any_of(world.enclaves.begin(), world.enclaves.end(),
                                              [](const EnclavePart& one) { return one.trust_env; });
    if (trusts && !world.kms)
        top.mistake("kms", "missing: trust_env trusts its TLS authority");
    top.refuse_unknown();
    if (auto error = document->error())
        return *error;
    give_cids(world.enclaves);
    return world;
}

}  // namespace glovebox::up
