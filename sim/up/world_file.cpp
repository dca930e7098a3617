// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/address/vsock_address.h"
#include "core/base/clock.h"
#include "core/base/contradiction.h"
#include "core/base/file_bytes.h"
#include "core/base/nearest_name.h"
#include "core/dial/dialer.h"
#include "core/forward/forward_route.h"
#include "core/proxy/proxy_route.h"
#include "sim/kms/scene.h"
#include "sim/up/env_file.h"
#include "sim/up/fault_words.h"
#include "sim/up/world_keys.h"
#include "sim/yaml/yaml_map.h"

namespace glovebox::up {
namespace {

constexpr std::size_t text_bytes_max = 1024 * 1024;
// Labels that no part of the file can have.
constexpr const char* reserved_labels[] = {"faults",  "imds",   "inspect", "kms",
                                           "machine", "parent", "switch",  "up"};

bool is_there(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

Result<std::string> read_text(const std::filesystem::path& path) {
    auto content = read_file_bytes(path.string(), text_bytes_max);
    if (!content)
        return content.error();
    return std::string(as_text(*content));
}

// The scene has a region too, and the KMS starts with the world's: without one there the world has
// the scene's. The error is the scene's own, with its lines.
Result<void> read_scene(const std::string& seed, yaml::Map& top, yaml::Map& map, WorldFile& world) {
    if (seed.empty() || !is_there(seed))
        return {};  // noted already
    const auto text = read_text(seed);
    if (!text) {
        map.mistake("seed", text.error().message);
        return {};
    }
    const auto read_beside = [&](const std::string& name) {
        return read_text(std::filesystem::path(seed).parent_path() / name);
    };
    const auto scene = kms::parse_scene(*text, seed, {read_beside, look_in_environment});
    if (!scene)
        return scene.error();
    if (!top.has("region"))
        world.region = scene->region;
    else if (scene->names_region && scene->region != world.region)
        top.mistake("region", fmt::format("the scene {} has {}: a world is in one region, and one "
                                          "of the two is enough",
                                          seed, scene->region));
    return {};
}

// The files' variables first, so that those of the world's file win.
void add_environment_files(Environment& environment, const std::vector<std::string>& files,
                           yaml::Map& map, const Lookup& lookup) {
    std::map<std::string, std::string> merged;
    for (const std::string& file : files) {
        if (!is_there(file))
            continue;  // noted already
        const auto text = read_text(file);
        const auto variables = text ? parse_env_file(*text, file, lookup) : text.error();
        if (!variables) {
            map.mistake("env_file", variables.error().message);
            continue;
        }
        for (const auto& [name, value] : *variables)
            merged[name] = value;
    }
    for (const auto& [name, value] : environment)
        merged[name] = value;
    environment.assign(merged.begin(), merged.end());
}

// Notes each of the keys that is there beside one that excludes it.
void refuse_beside(yaml::Map& map, std::string_view one, std::initializer_list<const char*> others,
                   std::string_view why) {
    for (const char* other : others)
        if (map.has(other))
            map.mistake(other, fmt::format("beside {}: {}", one, why));
}

// "8000 kms.us-east-1.amazonaws.com 443", as AWS's unit file has it.
void judge_vsock_proxy(ProxyPart& proxy, yaml::Map& map) {
    const auto& given = proxy.vsock_proxy;
    const auto listen = core::parse_vsock_address("3:" + (given.empty() ? "" : given.front()));
    if (given.size() == 3 && listen && listen->port != core::port_any)
        proxy.vsock_proxy_port = listen->port;
    else if (!map.is_doubtful("vsock_proxy"))
        map.mistake("vsock_proxy", "LOCAL-PORT REMOTE-ADDRESS REMOTE-PORT were expected");
    if (!map.has("config"))
        map.missing({"config"}, "missing: an allowlist in the form of AWS's vsock-proxy.yaml");
    refuse_beside(map, "vsock_proxy",
                  {"listen", "allow", "allowlist", "resolve", "idle_timeout", "status", "log_level",
                   "trace_traffic"},
                  "AWS's vsock-proxy has its port, its target and its allowlist in vsock_proxy and "
                  "config");
}

// A target that leads to two places; what can't be read is noted already.
void check_resolved(yaml::Map& map, const std::vector<std::string>& texts) {
    std::vector<core::ResolvedTarget> resolved;
    std::vector<std::string> read;
    for (const std::string& text : texts)
        if (auto one = core::parse_resolved_target(text)) {
            resolved.push_back(std::move(*one));
            read.push_back(text);
        }
    if (const auto contradiction = explain_contradiction(read, resolved, core::target_name))
        map.mistake("resolve", *contradiction);
}

void judge_proxy(ProxyPart& proxy, yaml::Map& map) {
    if (map.has("vsock_proxy")) {
        judge_vsock_proxy(proxy, map);
        return;
    }
    if (!map.has("listen"))
        map.missing({"listen", "vsock_proxy"},
                    "missing: 8000=HOST:PORT or 8001=connect was expected");
    if (map.has("config") && !map.is_doubtful("vsock_proxy"))
        map.mistake("config",
                    "is the allowlist of vsock_proxy, which is not here: this proxy's is "
                    "named by allowlist");
    check_resolved(map, proxy.resolve);
}

// All proxies listen in the parent; `taken` has the ports of those before.
void check_ports(const ProxyPart& proxy, yaml::Map& map, std::set<std::uint32_t>& taken) {
    const auto take = [&](std::string_view name, std::uint32_t port) {
        if (!taken.insert(port).second)
            map.mistake(name, fmt::format("a proxy listens on port {} already", port));
    };
    for (const std::string& text : proxy.listen)
        if (const auto route = core::parse_proxy_route(text);
            route && route->listen.port != core::port_any)
            take("listen", route->listen.port);
    if (proxy.vsock_proxy_port != 0)
        take("vsock_proxy", proxy.vsock_proxy_port);
}

// What starts it: a command, an image, or a root file system with or without a command.
void judge_enclave(const EnclavePart& enclave, yaml::Map& map) {
    const bool has_own_files = !enclave.eif.empty() || !enclave.root_fs.empty();
    if (enclave.command.empty() && !has_own_files)
        map.missing({"command", "eif", "rootfs"},
                    "missing: a program and its arguments were expected, or eif, or rootfs");
    if (!enclave.eif.empty()) {
        refuse_beside(map, "eif", {"rootfs"}, "an image has a root file system of its own");
        refuse_beside(map, "eif", {"command"}, "an image has a command of its own");
        refuse_beside(map, "eif", {"env", "env_file"}, "an image has an environment of its own");
    }
    if (has_own_files && enclave.isolation == "none")
        map.mistake("isolation", "none: an image or a root file system needs a sandbox");
    if (!enclave.mounts.empty() && (!enclave.eif.empty() || enclave.isolation == "none"))
        map.mistake("mount",
                    "neither an image nor isolation none has a sandbox to show folders in");
    if (!enclave.egress)
        for (const char* key : {"egress_proxy", "egress_ports", "egress_shared_ports"})
            if (map.has(key) && !map.is_doubtful("egress"))
                map.mistake(key, "belongs to egress, which is not true here");
    if (enclave.egress && (has_own_files || enclave.isolation == "none"))
        map.mistake("egress",
                    "an image or a root file system starts its own way out (glovebox forward "
                    "--egress), and isolation none needs none");
    if (!enclave.ready && !map.is_doubtful("ready"))
        refuse_beside(map, "no ready", {"ready_timeout"},
                      "an enclave without ready is ready as soon as it is started");
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
        enclave.has_fixed_cid = false;
    }
}

// A part has its name for a label, and what it is before its name where the name alone would be
// another part's too.
void give_labels(WorldFile& world) {
    std::map<std::string, int> names;
    for (const char* label : reserved_labels)
        names[label] = 1;
    for (const auto& part : world.proxies)
        ++names[part.name];
    for (const auto& part : world.enclaves)
        ++names[part.name];
    for (const auto& part : world.forwards)
        ++names[part.name];
    const auto reserved = [](const std::string& name) {
        return std::find(std::begin(reserved_labels), std::end(reserved_labels), name) !=
               std::end(reserved_labels);
    };
    const auto label = [&](const char* kind, const std::string& name) {
        return names[name] > 1 || reserved(name) ? fmt::format("{}/{}", kind, name) : name;
    };
    for (auto& part : world.proxies)
        part.label = label("proxy", part.name);
    for (auto& part : world.enclaves)
        part.label = label("enclave", part.name);
    for (auto& part : world.forwards)
        part.label = label("forward", part.name);
}

using Maps = std::vector<std::pair<std::string, yaml::Map>>;

std::string no_such_enclave(const std::string& name, const std::vector<EnclavePart>& enclaves) {
    std::vector<std::string_view> names;
    for (const EnclavePart& enclave : enclaves)
        names.push_back(enclave.name);
    const std::string_view meant = nearest(name, names);
    return fmt::format("there is no enclave \"{}\"{}", name,
                       meant.empty() ? "" : fmt::format(": did you mean {}?", meant));
}

// Every enclave that is depended on is there, and none depends on itself by way of others.
void judge_dependencies(const std::vector<EnclavePart>& enclaves, Maps& maps) {
    std::map<std::string, const EnclavePart*> by_name;
    for (const EnclavePart& enclave : enclaves)
        by_name[enclave.name] = &enclave;
    for (std::size_t i = 0; i < enclaves.size(); ++i) {
        for (const std::string& name : enclaves[i].depends_on)
            if (!by_name.contains(name))
                maps[i].second.mistake("depends_on", no_such_enclave(name, enclaves));
        std::set<std::string> seen;
        std::vector<std::string> open = enclaves[i].depends_on;
        while (!open.empty()) {
            const std::string name = std::move(open.back());
            open.pop_back();
            if (!by_name.contains(name) || !seen.insert(name).second)
                continue;
            const auto& further = by_name[name]->depends_on;
            open.insert(open.end(), further.begin(), further.end());
        }
        if (seen.contains(enclaves[i].name))
            maps[i].second.mistake("depends_on",
                                   fmt::format("{} would wait for itself", enclaves[i].name));
    }
}

// "8443=server:5005" as `glovebox forward` takes it, the enclave by its CID.
Result<std::string> with_cid(const std::string& text, const std::vector<EnclavePart>& enclaves) {
    const std::size_t begin = text.find('=') + 1;  // 0 where there is none
    const std::size_t end = text.find(':', begin);
    if (begin == 0 || end == std::string::npos)
        return text;
    const std::string name = text.substr(begin, end - begin);
    for (const EnclavePart& enclave : enclaves)
        if (enclave.name == name)
            return text.substr(0, begin) + std::to_string(enclave.cid) + text.substr(end);
    if (!core::parse_vsock_address(name + ":1"))
        return invalid_input(no_such_enclave(name, enclaves));
    return text;
}

// A sentence about `changed` as one about `text`, which the file has.
std::string about(const std::string& text, const std::string& changed, std::string sentence) {
    const auto destination = [](const std::string& route) {
        return route.substr(route.find('=') + 1) + '"';
    };
    const std::string foreign = destination(changed);
    const std::string own = destination(text);
    for (std::size_t at = 0; (at = sentence.find(foreign, at)) != std::string::npos;
         at += own.size())
        sentence.replace(at, foreign.size(), own);
    return sentence;
}

void judge_forward(ForwardPart& forward, yaml::Map& map, const std::vector<EnclavePart>& enclaves) {
    for (std::string& text : forward.listen) {
        const auto listen = with_cid(text, enclaves);
        if (!listen)
            map.mistake("listen", listen.error().message);
        else if (const auto route = core::parse_forward_route(*listen); !route)
            map.mistake("listen", about(text, *listen, route.error().message));
        else
            text = *listen;
    }
}

// The enclaves that planned faults name.
void judge_faults(const FaultPlan& plan, yaml::Map& top, const std::vector<EnclavePart>& enclaves) {
    const auto judge = [&](const std::string& name) {
        const bool is_cid = name.find_first_not_of("0123456789") == std::string::npos;
        if (!is_cid && std::none_of(enclaves.begin(), enclaves.end(),
                                    [&](const EnclavePart& one) { return one.name == name; }))
            top.mistake("faults", no_such_enclave(name, enclaves));
    };
    for (const PlannedFault& planned : plan.faults)
        if (const auto fault = parse_fault(planned.words))
            for (const std::string* name : {&fault->enclave, &fault->from_name, &fault->to_name})
                judge(*name);
}

// The words were read without a mistake before.
void give_fault_values(WorldFile& world) {
    for (PlannedFault& planned : world.faults.faults) {
        planned.fault = parse_fault(planned.words).value();
        if (!planned.at.empty())
            planned.moment = parse_duration(planned.at).value();
    }
}

template <class Part>
std::vector<Part> read_parts(Maps& maps, const std::string& folder,
                             const std::vector<Key<Part>>& keys) {
    std::vector<Part> parts;
    for (auto& [name, map] : maps) {
        parts.emplace_back().name = name;
        KeyReader(map, folder).read(parts.back(), keys);
    }
    return parts;
}

void read_proxies(WorldFile& world, yaml::Map& top) {
    Maps maps = top.named_maps("proxies");
    world.proxies = read_parts(maps, world.folder, proxy_keys());
    std::set<std::uint32_t> ports;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        judge_proxy(world.proxies[i], maps[i].second);
        check_ports(world.proxies[i], maps[i].second, ports);
    }
}

// The first CONNECT listener of the world's proxies; empty if none of them has one.
std::string connect_proxy(const std::vector<ProxyPart>& proxies) {
    for (const ProxyPart& proxy : proxies)
        for (const std::string& text : proxy.listen)
            if (const auto route = core::parse_proxy_route(text);
                route && !route->target && route->listen.port != core::port_any)
                return core::to_string(core::VsockAddress{core::cid_parent, route->listen.port});
    return {};
}

void give_egress_proxy(EnclavePart& enclave, yaml::Map& map,
                       const std::vector<ProxyPart>& proxies) {
    if (!enclave.egress || map.has("egress_proxy"))
        return;
    enclave.egress_proxy = connect_proxy(proxies);
    if (enclave.egress_proxy.empty())
        map.mistake("egress",
                    "needs a proxy that speaks CONNECT: add one with listen: 8001=connect to "
                    "proxies, or name another's address with egress_proxy");
}

Maps read_enclaves(WorldFile& world, yaml::Map& top, const Lookup& lookup) {
    Maps maps = top.named_maps("enclaves");
    world.enclaves = read_parts(maps, world.folder, enclave_keys());
    std::set<std::uint32_t> cids;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        EnclavePart& enclave = world.enclaves[i];
        yaml::Map& map = maps[i].second;
        judge_enclave(enclave, map);
        give_egress_proxy(enclave, map, world.proxies);
        add_environment_files(enclave.environment, enclave.environment_files, map, lookup);
        if (enclave.cid != 0 && !cids.insert(enclave.cid).second)
            map.mistake("cid", fmt::format("{} is another enclave's too", enclave.cid));
    }
    give_cids(world.enclaves);
    return maps;
}

Maps read_forwards(WorldFile& world, yaml::Map& top) {
    Maps maps = top.named_maps("forwards");
    world.forwards = read_parts(maps, world.folder, forward_keys());
    for (auto& [name, map] : maps)
        if (!map.has("listen"))
            map.missing({"listen"}, "missing: 8443=ENCLAVE:PORT was expected");
    return maps;
}

}  // namespace

Result<WorldFile> parse_world_file(std::string_view text, const std::string& name,
                                   const std::string& folder, const Lookup& lookup) {
    const auto document = yaml::Document::parse(
        text, name, {}, [&](const std::string& value) { return expand_variables(value, lookup); });
    if (!document)
        return document.error();
    yaml::Map top = document->top();
    WorldFile world;
    world.folder = folder;
    Result<void> scene;
    auto kms = top.map("kms");
    auto imds = top.map("imds");
    auto parent = top.map("parent");
    if (imds)
        KeyReader(*imds, folder).read(world.imds.emplace(), imds_keys());
    if (kms)
        KeyReader(*kms, folder).read(world.kms.emplace(), kms_keys());
    read_proxies(world, top);
    Maps enclaves = read_enclaves(world, top, lookup);
    Maps forwards = read_forwards(world, top);
    if (parent) {
        KeyReader(*parent, folder).read(world.parent, parent_keys());
        add_environment_files(world.parent.environment, world.parent.environment_files, *parent,
                              lookup);
    }
    KeyReader(top, folder).read(world, top_keys());
    if (!top.is_doubtful("enclaves")) {
        judge_dependencies(world.enclaves, enclaves);
        judge_faults(world.faults, top, world.enclaves);
        for (std::size_t i = 0; i < forwards.size(); ++i)
            judge_forward(world.forwards[i], forwards[i].second, world.enclaves);
    }
    if (kms)
        scene = read_scene(world.kms->seed, top, *kms, world);
    if (auto error = document->error()) {
        if (!scene)
            error->message += "\n" + scene.error().message;
        return *error;
    }
    if (!scene)
        return scene.error();
    give_labels(world);
    give_fault_values(world);
    return world;
}

bool trusts_by_environment(const WorldFile& world) {
    return world.parent.trust_env ||
           std::any_of(world.enclaves.begin(), world.enclaves.end(),
                       [](const EnclavePart& one) { return one.trust_env; });
}

}  // namespace glovebox::up
