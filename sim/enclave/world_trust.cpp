// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/world_trust.h"

#include <cstdlib>

#include "sim/enclave/world_directory.h"
#include "sim/tls/trust_bundle.h"

namespace glovebox::enclave {
namespace {

Result<std::optional<tls::TrustBundle>> trust_of(const std::string& world, bool is_needed) {
    const auto path = world_path(world);
    if (!path)
        return path.error();
    const std::string directory = *path + "/tls";
    auto trust = tls::TrustBundle::read(directory);
    if (trust && !*trust && is_needed)
        return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                     "--trust-env: the world has no TLS authority in " + directory +
                         "; glovebox kms makes one as it starts");
    return trust;
}

}  // namespace

Result<std::optional<sandbox::TrustedAuthority>> WorldTrust::of_room(
    const std::string& world) const {
    const auto trust = trust_of(world, by_environment);
    if (!trust)
        return trust.error();
    if (!*trust)
        return std::optional<sandbox::TrustedAuthority>();
    const tls::TrustBundle& found = **trust;
    return std::optional(
        sandbox::TrustedAuthority{found.certificate_pem, found.subject_hash,
                                  by_environment ? found.with_machines_own() : std::string()});
}

Result<std::vector<std::string>> WorldTrust::variables(const std::string& world) const {
    return by_environment ? variables_without_room(world) : std::vector<std::string>();
}

Result<std::vector<std::string>> WorldTrust::variables_without_room(
    const std::string& world) const {
    std::vector<std::string> variables;
    const auto trust = trust_of(world, by_environment);
    if (!trust)
        return trust.error();
    if (!*trust)
        return variables;
    const auto bundle = (*trust)->write_bundle();
    if (!bundle)
        return bundle.error();
    for (std::string& variable : sandbox::trust_variables((*trust)->certificate_file, *bundle))
        if (std::getenv(variable.substr(0, variable.find('=')).c_str()) == nullptr)
            variables.push_back(std::move(variable));
    return variables;
}

}  // namespace glovebox::enclave
