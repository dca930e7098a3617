// SPDX-License-Identifier: Apache-2.0

// Any request to a metadata service that requires tokens: lines of text are the method, the target
// and headers. A client without a token gets nothing but a token, and the role's credentials
// never.

#include <string>

#include "core/base/log.h"
#include "fuzz/require.h"
#include "sim/imds/metadata_service.h"

namespace {

using namespace glovebox;

http::Request request_of(std::string_view text) {
    http::Request request;
    std::size_t number = 0;
    for (const std::string& line : lines_of(text)) {
        const std::size_t colon = line.find(':');
        if (number == 0)
            request.method = line;
        else if (number == 1)
            request.target = line;
        else if (colon != std::string::npos)
            request.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
        ++number;
    }
    request.remote_address = "127.0.0.1";
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static SystemRandom random;
    static ManualClock clock(parse_time("2026-03-04T05:06:07Z").value());
    static imds::MetadataService service = [] {
        imds::MetadataSettings settings;
        settings.instance.role_arn = "arn:aws:iam::111122223333:role/parent";
        settings.tokens_required = true;
        return imds::MetadataService(std::move(settings),
                                     iam::SessionIssuer(Bytes(iam::SessionIssuer::key_bytes, 7)),
                                     clock, random, null_log());
    }();
    static const std::string token = [] {
        return service
            .handle(request_of("PUT\n/latest/api/token\nX-aws-ec2-metadata-token-ttl-seconds:60"))
            .body;
    }();
    require(token.size() == 56);

    http::Request request = request_of(std::string_view(reinterpret_cast<const char*>(data), size));
    const http::Response without = service.handle(request);
    require(without.status != 200 || request.method == "PUT");
    require(without.body.find("SecretAccessKey") == std::string::npos);
    request.headers.push_back({"X-aws-ec2-metadata-token", token});
    const http::Response with = service.handle(request);
    require(with.status >= 200 && with.status < 500);
    return 0;
}
