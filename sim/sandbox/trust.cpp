// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/unique_fd.h"
#include "sim/sandbox/lies_in.h"
#include "sim/sandbox/mount_calls.h"

namespace glovebox::sandbox {
namespace {

// The files that Go's crypto/x509, s2n, Rust's openssl-probe and the distributions' OpenSSL read.
// Most are symlinks to one of the others.
constexpr const char* bundle_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem",
    "/usr/lib/ssl/cert.pem",
};
constexpr const char* hash_folders[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

// Where the files for the environment are.
constexpr const char* own_folder = "/run/glovebox";

// The name in `root` that `path` leads to, with symlinks followed; empty if it does not exist or
// has another type.
std::string resolve(int root_fd, const std::string& root, const char* path, mode_t type) {
    const UniqueFd file(open_in_root(root_fd, path, O_PATH));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || (status.st_mode & S_IFMT) != type)
        return {};
    std::error_code error;
    const std::string name =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.get()), error);
    if (error || !lies_in(name, root))
        return {};
    return root == "/" ? name : name.substr(root.size());
}

void add_once(std::vector<std::string>& names, std::string name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
}

// The folders between `upper` and the file `name` in it.
void add_parents(std::vector<Step>& steps, const std::string& upper, std::string_view name) {
    for (std::size_t end = name.find('/', 1); end != std::string_view::npos;
         end = name.find('/', end + 1)) {
        Step step =
            steps::on_stage(steps::make_directory(upper + std::string(name.substr(0, end))));
        if (std::find(steps.begin(), steps.end(), step) == steps.end())
            steps.push_back(std::move(step));
    }
}

bool has_variable(const std::vector<std::string>& environment, std::string_view variable) {
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    return std::any_of(environment.begin(), environment.end(),
                       [&](const std::string& entry) { return entry.starts_with(name); });
}

}  // namespace

TrustPlaces read_trust_places(const std::string& root) {
    TrustPlaces places;
    const UniqueFd root_fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_fd)
        return places;
    for (const char* file : bundle_files)
        add_once(places.bundles, resolve(root_fd.get(), root, file, S_IFREG));
    for (const char* folder : hash_folders)
        add_once(places.hashed_folders, resolve(root_fd.get(), root, folder, S_IFDIR));
    return places;
}

std::vector<Step> trust_steps(const TrustPlaces& places, const TrustedAuthority& authority,
                              const std::string& root, const std::string& folder,
                              const std::string& upper) {
    std::vector<Step> steps;
    const std::string prefix = root == "/" ? "" : root;
    for (const std::string& bundle : places.bundles) {
        if (!folder.empty() && !lies_in(bundle, folder))
            continue;
        const std::string name = bundle.substr(folder.size());
        add_parents(steps, upper, name);
        // The last certificate may lack its newline.
        steps.push_back(steps::on_stage(
            steps::extend_file(prefix + bundle, upper + name, "\n" + authority.certificate_pem)));
    }
    for (const std::string& hashed : places.hashed_folders) {
        if (!folder.empty() && !lies_in(hashed, folder))
            continue;
        const std::string name = hashed.substr(folder.size()) + "/" + authority.subject_hash + ".0";
        add_parents(steps, upper, name);
        steps.push_back(
            steps::on_stage(steps::write_file(upper + name, authority.certificate_pem)));
    }
    return steps;
}

void add_trust_environment(std::vector<Step>& steps, std::vector<std::string>& environment,
                           const TrustedAuthority& authority) {
    const std::string folder = own_folder;
    steps.push_back(steps::make_directory(folder));
    steps.push_back(steps::write_file(folder + "/ca.pem", authority.certificate_pem));
    steps.push_back(steps::write_file(folder + "/bundle.pem", authority.bundle_pem));
    for (std::string& variable : trust_variables(folder + "/ca.pem", folder + "/bundle.pem"))
        if (!has_variable(environment, variable))
            environment.push_back(std::move(variable));
}

std::vector<std::string> trust_variables(const std::string& certificate,
                                         const std::string& bundle) {
    return {"SSL_CERT_FILE=" + bundle, "AWS_CA_BUNDLE=" + bundle, "REQUESTS_CA_BUNDLE=" + bundle,
            "CURL_CA_BUNDLE=" + bundle, "NODE_EXTRA_CA_CERTS=" + certificate};
}

}  // namespace glovebox::sandbox
