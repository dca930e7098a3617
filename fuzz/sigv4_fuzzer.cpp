// SPDX-License-Identifier: Apache-2.0

// Any bytes as the headers that authentication reads: a line each for Authorization, X-Amz-Date,
// X-Amz-Security-Token, and then the body. Nobody gets in with them.

#include "fuzz/require.h"
#include "sim/iam/sigv4.h"

namespace {

using namespace glovebox;

std::string take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const iam::CredentialStore store = [] {
        iam::CredentialStore credentials(iam::SessionIssuer(Bytes(32, 7)));
        credentials.add({"AKIDEXAMPLE",
                         "a secret",
                         {},
                         std::nullopt,
                         iam::parse_principal("arn:aws:iam::111122223333:user/alice").value()});
        return credentials;
    }();
    std::string_view text(reinterpret_cast<const char*>(data), size);
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers.push_back({"Host", "kms.us-east-1.amazonaws.com"});
    for (const char* name : {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"})
        if (std::string line = take_line(text); !line.empty())
            request.headers.push_back({name, std::move(line)});
    request.body = text;
    const auto outcome = iam::authenticate(request, store, {"us-east-1", "kms"},
                                           TimePoint(std::chrono::milliseconds(1'440'938'160'000)));
    const auto* failure = std::get_if<iam::AuthenticationFailure>(&outcome);
    require(failure != nullptr && !failure->exception.empty());
    static_cast<void>(iam::claimed_access_key_id(request));
    return 0;
}
