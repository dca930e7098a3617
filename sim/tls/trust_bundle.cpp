// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/trust_bundle.h"

#include <fmt/core.h>

#include <boost/system/errc.hpp>
#include <filesystem>

#include "core/base/file_bytes.h"
#include "core/base/output_file.h"
#include "core/crypto/openssl.h"

namespace glovebox::tls {
namespace {

// The bundles of Debian and Alpine, Amazon Linux and Fedora, SUSE.
constexpr const char* machine_bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                           "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

Error failed(const std::string& what) {
    return Error(make_error_code(boost::system::errc::io_error), what);
}

constexpr std::size_t bundle_bytes_max = 64 << 20;

std::optional<std::string> read_file(const std::string& name) {
    const auto content = read_file_bytes(name, bundle_bytes_max);
    if (!content)
        return std::nullopt;
    return std::string(as_text(*content));
}

std::optional<std::string> hash_subject(const std::string& pem) {
    const auto certificate = read_pem_certificate(as_bytes(pem));
    if (!certificate)
        return std::nullopt;
    return fmt::format("{:08x}", X509_subject_name_hash(certificate->get()));
}

}  // namespace

Result<std::optional<TrustBundle>> TrustBundle::read(const std::string& directory) {
    TrustBundle trust;
    trust.certificate_file = directory + "/ca.pem";
    auto pem = read_file(trust.certificate_file);
    if (!pem)
        return std::optional<TrustBundle>();
    auto hash = hash_subject(*pem);
    if (!hash)
        return failed(trust.certificate_file +
                      ": a certificate in PEM was expected; remove it, and glovebox kms makes one");
    trust.certificate_pem = std::move(*pem);
    trust.subject_hash = std::move(*hash);
    return std::optional<TrustBundle>(std::move(trust));
}

std::string TrustBundle::with_machines_own() const {
    for (const char* name : machine_bundles)
        if (const auto own = read_file(name))
            return *own + "\n" + certificate_pem;
    return certificate_pem;
}

Result<std::string> TrustBundle::write_bundle() const {
    const std::string folder = std::filesystem::path(certificate_file).parent_path().string();
    const std::string name = folder + "/bundle.pem";
    if (const auto written = write_output(name, as_bytes(with_machines_own())); !written)
        return written.error();
    return name;
}

}  // namespace glovebox::tls
