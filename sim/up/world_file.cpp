// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "core/allowlist.h"
#include "core/allowlist_file.h"
#include "core/base/clock.h"
#include "core/base/contradiction.h"
#include "core/dialer.h"
#include "core/proxy_route.h"
#include "core/vsock_address.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "sim/iam/arn.h"
#include "sim/kms/scene.h"
#include "sim/yaml/yaml_map.h"

namespace glovebox::up {
namespace {

constexpr std::int64_t port_max = 0xfffffffe;  // VMADDR_PORT_ANY is none
constexpr std::int64_t cid_max = 0xfffffffe;
constexpr std::int64_t mebibytes_max = 16 * 1024 * 1024;
constexpr std::int64_t cpus_max = 4096;

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

Result<std::string> read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text;
    std::array<char, 4096> buffer{};
    while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0)
        text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (!in.is_open() || in.bad())  // a folder opens, and can't be read
        return errno_error("cannot read " + path.string(), errno == 0 ? EIO : errno);
    return text;
}

// The scene has a region too, and the KMS starts with the world's: without one there the world has
// the scene's. The error is the scene's own, with its lines.
Result<void> read_scene(const std::string& seed, yaml::Map& top, yaml::Map& map, WorldFile& world) {
    const std::filesystem::path path = seed;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return {};  // noted already
    const auto text = read_text(path);
    if (!text) {
        map.mistake("seed", text.error().message);
        return {};
    }
    const auto read_beside = [&](const std::string& name) {
        return read_text(path.parent_path() / name);
    };
    const auto scene = kms::parse_scene(*text, seed, read_beside);
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

// Variables, as env has them.
Environment read_environment(yaml::Map& map) {
    Environment environment = map.named_texts("env");
    for (const auto& [name, value] : environment)
        if (name.empty() || name.find('=') != std::string::npos)
            map.mistake("env",
                        fmt::format("\"{}\" is not a variable's name: it is not empty and has "
                                    "no = in it",
                                    name));
    return environment;
}

// "8000 kms.us-east-1.amazonaws.com 443", as AWS's unit file has it.
void read_vsock_proxy(ProxyPart& proxy, yaml::Map& map, const std::string& folder) {
    std::istringstream words(map.text("vsock_proxy").value_or(""));
    std::vector<std::string> given{std::istream_iterator<std::string>(words), {}};
    const auto listen = core::parse_vsock_address("3:" + (given.empty() ? "" : given.front()));
    if (given.size() != 3 || !listen || listen->port > port_max)
        map.mistake("vsock_proxy", "LOCAL-PORT REMOTE-ADDRESS REMOTE-PORT were expected");
    else
        proxy.vsock_proxy_port = listen->port;
    if (const auto config = map.text("config"))
        proxy.vsock_proxy = {"--config", file(map, "config", *config, folder)};
    else
        map.mistake("config", "missing: an allowlist in the form of AWS's vsock-proxy.yaml");
    proxy.vsock_proxy.insert(proxy.vsock_proxy.end(), given.begin(), given.end());
    map.refuse_unknown();
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

ProxyPart read_proxy(const std::string& name, yaml::Map& map, const std::string& folder) {
    ProxyPart proxy;
    proxy.name = name;
    if (map.text("vsock_proxy")) {
        read_vsock_proxy(proxy, map, folder);
        return proxy;
    }
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
    check_resolved(map, proxy.resolve);
    for (const std::string& text : map.texts("allowlist")) {
        const std::string path = file(map, "allowlist", text, folder);
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored))  // else it is noted already
            if (const auto list = core::read_allowlist(path); !list)
                map.mistake("allowlist", list.error().message);
        proxy.allowlists.push_back(path);
    }
    if (const auto text = map.text("idle_timeout")) {
        proxy.idle_timeout = *text;
        const auto duration = parse_duration(*text);
        if (!duration)
            map.mistake("idle_timeout", duration.error().message);
        else if (*duration < duration->zero())
            map.mistake("idle_timeout", fmt::format("\"{}\" is less than no time", *text));
    }
    map.refuse_unknown();
    return proxy;
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
void read_program(EnclavePart& enclave, yaml::Map& map, const std::string& folder) {
    enclave.command = map.texts("command");
    if (const auto eif = map.text("eif"))
        enclave.eif = file(map, "eif", *eif, folder);
    if (const auto root_fs = map.text("rootfs"))
        enclave.root_fs = file(map, "rootfs", *root_fs, folder);
    enclave.environment = read_environment(map);
    for (const std::string& mount : map.texts("mount"))
        enclave.mounts.push_back(file(map, "mount", mount, folder));
    enclave.isolation = map.text("isolation").value_or("");
    if (!enclave.isolation.empty() && enclave.isolation != "sandbox" && enclave.isolation != "none")
        map.mistake("isolation", "sandbox or none was expected");
    const bool has_own_files = !enclave.eif.empty() || !enclave.root_fs.empty();
    if (enclave.command.empty() && !has_own_files)
        map.mistake("command",
                    "missing: a program and its arguments were expected, or eif, or rootfs");
    if (!enclave.eif.empty() && !enclave.root_fs.empty())
        map.mistake("rootfs", "beside eif: an image has a root file system of its own");
    if (has_own_files && enclave.isolation == "none")
        map.mistake("isolation", "none: an image or a root file system needs a sandbox");
    if (!enclave.eif.empty() && !enclave.command.empty())
        map.mistake("command", "beside eif: an image has a command of its own");
    if (!enclave.eif.empty() && !enclave.environment.empty())
        map.mistake("env", "beside eif: an image has an environment of its own");
    if (!enclave.mounts.empty() && (!enclave.eif.empty() || enclave.isolation == "none"))
        map.mistake(
            "mount",
            "only a command in a sandbox takes it: remove mount, or eif and isolation: none");
}

EnclavePart read_enclave(const std::string& name, yaml::Map& map, const std::string& folder) {
    EnclavePart enclave;
    enclave.name = name;
    read_program(enclave, map, folder);
    enclave.cid =
        static_cast<std::uint32_t>(map.integer("cid", core::cid_parent + 1, cid_max).value_or(0));
    enclave.debug = map.flag("debug").value_or(false);
    if (const auto port = map.integer("ready", 0, port_max))
        enclave.ready = static_cast<std::uint32_t>(*port);
    enclave.trust_env = map.flag("trust_env").value_or(false);
    if (const auto memory = map.integer("memory", 1, mebibytes_max))
        enclave.memory_mib = static_cast<std::uint32_t>(*memory);
    if (const auto cpus = map.integer("cpus", 1, cpus_max))
        enclave.cpu_count = static_cast<std::uint32_t>(*cpus);
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
    world.folder = folder;
    world.region = top.text("region").value_or(world.region);
    // A number would pass is_region(), and is not a region.
    if (!nsm::is_region(world.region) ||
        world.region.find_first_not_of("0123456789") == std::string::npos)
        top.mistake("region", "a name such as us-east-1 was expected");
    world.role_arn = top.text("role_arn").value_or("");
    if (!world.role_arn.empty())
        if (const auto role = iam::session_of(world.role_arn, "i-0"); !role)
            top.mistake("role_arn", role.error().message);
    Result<void> scene;
    if (auto map = top.map("kms")) {
        world.kms = read_kms(*map, folder);
        if (!world.kms->seed.empty())
            scene = read_scene(world.kms->seed, top, *map, world);
    }
    if (auto map = top.map("imds")) {
        world.imds.emplace().require_tokens = map->flag("require_tokens").value_or(false);
        map->refuse_unknown();
    }
    std::set<std::uint32_t> ports;
    for (auto& [proxy_name, map] : top.named_maps("proxies")) {
        world.proxies.push_back(read_proxy(proxy_name, map, folder));
        check_ports(world.proxies.back(), map, ports);
    }
    std::set<std::uint32_t> cids;
    for (auto& [enclave_name, map] : top.named_maps("enclaves")) {
        world.enclaves.push_back(read_enclave(enclave_name, map, folder));
        const std::uint32_t cid = world.enclaves.back().cid;
        if (cid != 0 && !cids.insert(cid).second)
            map.mistake("cid", fmt::format("{} is another enclave's too", cid));
    }
    if (auto map = top.map("parent")) {
        world.parent_trust_env = map->flag("trust_env").value_or(false);
        world.parent_environment = read_environment(*map);
        map->refuse_unknown();
    }
    const bool trusts =
        world.parent_trust_env || std::any_of(world.enclaves.begin(), world.enclaves.end(),
                                              [](const EnclavePart& one) { return one.trust_env; });
    if (trusts && !world.kms)
        top.mistake("kms", "missing: trust_env trusts its TLS authority");
    top.refuse_unknown();
    if (auto error = document->error()) {
        if (!scene)
            error->message += "\n" + scene.error().message;
        return *error;
    }
    if (!scene)
        return scene.error();
    give_cids(world.enclaves);
    return world;
}

}  // namespace glovebox::up
