// SPDX-License-Identifier: Apache-2.0

#include "sim/imds/metadata_service.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>

#include "core/base/json_text.h"
#include "sim/imds/metadata_tree.h"

namespace glovebox::imds {
namespace json = boost::json;

namespace {

constexpr std::string_view token_header = "X-aws-ec2-metadata-token";
constexpr std::string_view ttl_header = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
constexpr int ttl_max = 21600;
// New credentials are issued this long before the old ones end.
constexpr std::chrono::minutes renewal{5};

http::Response answer(unsigned status, std::string body) {
    return {status, {{"Content-Type", "text/plain"}, {"Server", "EC2ws"}}, std::move(body)};
}

// "2017-05-17T15:09:54Z".
std::string whole_seconds(TimePoint time) {
    return format_time(time).substr(0, 19) + "Z";
}

std::string role_name(const std::string& role_arn) {
    return role_arn.substr(role_arn.rfind('/') + 1);
}

// "latest", or a version that the service has had: "2021-03-23", "1.0".
bool is_version(std::string_view text) {
    return text == "latest" || text == "1.0" ||
           (text.size() == 10 && text.find_first_not_of("0123456789-") == std::string_view::npos);
}

std::string pretty(const json::object& object) {
    std::string out = "{";
    for (const auto& member : object)
        out += fmt::format("{}\n  {} : {}", out.size() == 1 ? "" : ",", json_quote(member.key()),
                           json_text(member.value()));
    return out + "\n}";
}

}  // namespace

MetadataService::MetadataService(MetadataSettings settings, iam::SessionIssuer issuer,
                                 const Clock& clock, RandomSource& random, Log& log)
    : settings_(std::move(settings)),
      issuer_(std::move(issuer)),
      clock_(clock),
      random_(random),
      log_(log),
      started_(clock.now()),
      tokens_(random) {}

http::Response MetadataService::make_token(const http::Request& request, TimePoint now) {
    if (request.path() != "/latest/api/token" || request.header("X-Forwarded-For"))
        return answer(403, "403 - Forbidden");
    const std::string_view text = request.header(ttl_header).value_or("");
    int ttl = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ttl);
    if (error != std::errc() || end != text.data() + text.size() || ttl < 1 || ttl > ttl_max)
        return answer(400, "400 - Bad Request");
    http::Response response = answer(200, tokens_.make(now + std::chrono::seconds(ttl)));
    response.headers.push_back({std::string(ttl_header), std::to_string(ttl)});
    return response;
}

http::Response MetadataService::handle(const http::Request& request,
                                       std::optional<TimePoint> expired) {
    const TimePoint now = clock_.now();
    if (request.method == "PUT")
        return make_token(request, now);
    if (request.method != "GET" && request.method != "HEAD")
        return answer(405, "405 - Method Not Allowed");
    const auto token = request.header(token_header);
    if (token ? !tokens_.is_valid(*token, now) : settings_.tokens_required) {
        log_.warning(
            "refused", "GET {} refused: {}", field("target", request.path()),
            field("error", token ? "the token is not from this service, or has expired"
                                 : "no token was sent, and version 1 is off (--require-tokens)"),
            field("status", 401));
        return answer(401, "401 - Unauthorized");
    }
    std::string_view path = request.path();
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string_view version = path.substr(0, path.find('/'));
    if (version.empty())
        return answer(200, "1.0\n2021-07-15\nlatest");
    path.remove_prefix(std::min(version.size() + 1, path.size()));
    auto found =
        is_version(version) ? find(path, token ? "2.0" : "1.0", now, expired) : std::nullopt;
    log_.info("request", "GET {}{}", field("target", request.path()), found ? "" : ": 404",
              field("status", found ? 200 : 404));
    return found ? answer(200, std::move(*found)) : answer(404, "404 - Not Found");
}

std::optional<std::string> MetadataService::find(std::string_view path, std::string_view version,
                                                 TimePoint now, std::optional<TimePoint> expired) {
    const Instance& instance = settings_.instance;
    std::string dashed_ip = instance.private_ip;
    std::replace(dashed_ip.begin(), dashed_ip.end(), '.', '-');
    const std::string domain =
        instance.region == "us-east-1" ? "ec2.internal" : instance.region + ".compute.internal";
    MetadataTree tree;
    const auto item = [&](std::string_view name, std::string value) {
        tree.add(fmt::format("meta-data/{}", name), std::move(value));
    };
    item("ami-id", instance.image);
    item("ami-launch-index", "0");
    item("hostname", fmt::format("ip-{}.{}", dashed_ip, domain));
    item("instance-action", "none");
    item("instance-id", instance.id);
    item("instance-life-cycle", "on-demand");
    item("instance-type", instance.type);
    item("local-hostname", fmt::format("ip-{}.{}", dashed_ip, domain));
    item("local-ipv4", instance.private_ip);
    item("mac", "02:00:00:00:00:01");
    item("placement/availability-zone", instance.region + "a");
    item("placement/region", instance.region);
    item("services/domain", std::string(iam::domain_of(instance.region)));
    item("services/partition", std::string(iam::partition_of(instance.region)));
    tree.add("dynamic/instance-identity/document", identity_document());
    if (instance.user_data)
        tree.add("user-data", *instance.user_data);
    if (!instance.role_arn.empty()) {
        const std::string role = role_name(instance.role_arn);
        item("iam/info",
             pretty({{"Code", "Success"},
                     {"LastUpdated", whole_seconds(started_)},
                     {"InstanceProfileArn",
                      fmt::format("arn:{}:iam::{}:instance-profile/{}",
                                  iam::partition_of(instance.region), instance.account, role)},
                     {"InstanceProfileId", "AIPAGLOVEBOX000000001"}}));
        const bool asked = path.find("security-credentials/" + role) != std::string_view::npos;
        item("iam/security-credentials/" + role, asked ? credentials(version, now, expired) : "");
    }
    return tree.find(path);
}

std::string MetadataService::credentials(std::string_view version, TimePoint now,
                                         std::optional<TimePoint> expired) {
    // Sessions know the second in which they were issued, and no more.
    const auto first =
        expired ? std::chrono::floor<std::chrono::seconds>(*expired) + std::chrono::seconds(1)
                : TimePoint::min();
    const std::lock_guard lock(mutex_);
    auto& [credential, issued] = issued_[std::string(version)];
    if (!credential.expiration || *credential.expiration - renewal <= now || issued < first) {
        issued = std::max(now, first);
        credential =
            issuer_
                .issue(settings_.instance.role_arn, settings_.instance.id,
                       {issued, std::string(version)}, settings_.credential_lifetime, random_)
                .value();
    }
    return pretty({{"Code", "Success"},
                   {"LastUpdated", whole_seconds(issued)},
                   {"Type", "AWS-HMAC"},
                   {"AccessKeyId", credential.access_key_id},
                   {"SecretAccessKey", credential.secret_access_key},
                   {"Token", credential.session_token},
                   {"Expiration", whole_seconds(*credential.expiration)}});
}

std::string MetadataService::identity_document() const {
    const Instance& instance = settings_.instance;
    return pretty({{"accountId", instance.account},
                   {"architecture", "x86_64"},
                   {"availabilityZone", instance.region + "a"},
                   {"billingProducts", nullptr},
                   {"devpayProductCodes", nullptr},
                   {"marketplaceProductCodes", nullptr},
                   {"imageId", instance.image},
                   {"instanceId", instance.id},
                   {"instanceType", instance.type},
                   {"kernelId", nullptr},
                   {"pendingTime", whole_seconds(started_)},
                   {"privateIp", instance.private_ip},
                   {"ramdiskId", nullptr},
                   {"region", instance.region},
                   {"version", "2017-09-30"}});
}

}  // namespace glovebox::imds
