// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/named_root.h"

#include <fmt/core.h>

#include "core/base/file_bytes.h"

namespace glovebox::nsm {
namespace {

constexpr std::size_t certificate_file_bytes_max = 64 * 1024;

}  // namespace

Result<TrustRoot> named_root(const std::string& name,
                             const std::function<Result<Certificate>()>& mock_root) {
    if (name == "aws")
        return TrustRoot::aws();
    if (name == "mock") {
        auto certificate = mock_root();
        if (!certificate)
            return certificate.error();
        return TrustRoot("mock", std::move(*certificate));
    }
    const auto content = read_file_bytes(name, certificate_file_bytes_max);
    if (!content)
        return Error(content.error()).in("the root");
    auto certificate = Certificate::from_der(*content);
    if (!certificate)
        certificate = Certificate::from_pem(as_text(*content));
    if (!certificate)
        return Error(
            certificate.error().code,
            fmt::format("the root {}: aws, mock, or a file with a certificate in PEM or DER was "
                        "expected",
                        name));
    return TrustRoot(name, std::move(*certificate));
}

}  // namespace glovebox::nsm
