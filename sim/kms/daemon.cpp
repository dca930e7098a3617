// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/daemon.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "sim/http/serving.h"
#include "sim/kms/interference.h"
#include "sim/kms/json_lines.h"
#include "sim/kms/key_database.h"
#include "sim/kms/service.h"

namespace glovebox::kms {
namespace {

// Who can sign when the scene names nobody: the credentials of AWS's documentation.
iam::Credential example_credential(const Scene& scene) {
    return {"AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            {},
            std::nullopt,
            iam::parse_principal(fmt::format("arn:{}:iam::{}:user/developer",
                                             iam::partition_of(scene.region), scene.account))
                .value()};
}

struct OpenKeys {
    std::unique_ptr<KeyStore> store;
    std::string place;  // in the log: "in memory"
};

Result<OpenKeys> open_keys(const DaemonSettings& settings) {
    const std::string& region = settings.scene.region;
    if (!settings.database.empty()) {
        // Each thread that answers requests has one, and the one that makes keys.
        auto opened = open_key_database(settings.database, region, settings.threads + 1);
        if (!opened)
            return opened.error();
        return OpenKeys{std::move(opened->keys), "in PostgreSQL: " + opened->place};
    }
    const std::string file = settings.state_directory + "/keys.db";
    auto opened = KeyStore::open(settings.in_memory ? KeyStore::in_memory : file, region);
    if (!opened)
        return opened.error();
    return OpenKeys{std::move(*opened), settings.in_memory ? "in memory" : "in " + file};
}

bool somebody_signs(const Scene& scene) {
    return std::any_of(scene.entities.begin(), scene.entities.end(),
                       [](const SceneEntity& one) { return !one.access_key_id.empty(); });
}

}  // namespace

Result<void> serve(const DaemonSettings& settings, const Clock& clock, RandomSource& random,
                   Log& log) {
    const Scene& scene = settings.scene;
    const std::string in = settings.state_directory + "/";

    auto issuer = iam::SessionIssuer::open(in + "session.key", random);
    if (!issuer)
        return issuer.error();
    iam::CredentialStore credentials(std::move(*issuer));
    Directory directory(scene.account);
    apply(scene, directory, credentials);
    if (!somebody_signs(scene))
        credentials.add(example_credential(scene));

    const auto keys = open_keys(settings);
    if (!keys)
        return keys.error();
    if (const auto applied = apply(scene, *keys->store, clock.now(), random); !applied)
        return applied.error();

    auto trace = JsonLines::open(in + "trace.jsonl");
    if (!trace)
        return trace.error();
    auto access_log = JsonLines::open(in + "cloudtrail.jsonl");
    if (!access_log)
        return access_log.error();

    auto anonymous = iam::parse_principal(settings.caller.value_or(
        fmt::format("arn:{}:iam::{}:root", iam::partition_of(scene.region), scene.account)));
    if (!anonymous)
        return anonymous.error();
    ShiftedClock shifted(clock);
    Service service({scene.account, scene.region, settings.authenticate, *anonymous, scene.context},
                    *keys->store, credentials, directory, settings.roots, shifted, random, log,
                    trace->get(), access_log->get());

    http::Connections connections(settings.limits, log);
    boost::asio::io_context context(static_cast<int>(settings.threads));
    boost::asio::thread_pool key_maker(1);
    const auto handle = [&](const http::Request& request) {
        if (!settings.faults)
            return service.handle(request);
        const StruckRequest struck =
            strike_request(settings.faults->strike("kms", operation_of(request)), scene.region);
        shifted.shift(struck.ahead);
        http::Response response;
        response.status = 0;
        if (!struck.is_down)
            response = service.handle(request, struck.interference);
        response.delay = struck.latency;
        return response;
    };
    std::vector<std::unique_ptr<http::Server>> servers;
    std::string addresses;
    std::string http;
    std::string https;
    for (http::ServerOptions listener : settings.listeners) {
        listener.takes_long = takes_long;
        listener.long_work = key_maker.get_executor();
        auto server =
            http::Server::start(context.get_executor(), listener, handle, connections, log);
        if (!server)
            return server.error();
        servers.push_back(std::move(*server));
        const std::string address = http::to_string(servers.back()->local());
        addresses += fmt::format("{}{}://{}", addresses.empty() ? "" : ", ",
                                 listener.tls ? "https" : "http", address);
        (listener.tls ? https : http) = address;
    }
    if (!settings.authenticate)
        log.warning(
            "auth_off",
            "--auth off: signatures are not checked, and a caller that is not known counts as {}; "
            "on loopback only",
            field("principal", anonymous->arn));
    else if (!somebody_signs(scene))
        log.info("credentials",
                 "no credentials in a scene: AKIAIOSFODNN7EXAMPLE signs as user/developer");
    http::Serving serving(context, log);
    if (settings.ready)
        settings.ready(https);
    log.info("ready", "ready: {}; {} keys are kept {}", addresses, scene.region, keys->place,
             field("http", http), field("https", https));
    serving.run(settings.threads);
    for (const auto& server : servers)
        server->close();
    return {};
}

}  // namespace glovebox::kms
