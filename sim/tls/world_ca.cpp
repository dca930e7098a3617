// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/world_ca.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/x509v3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "core/base/private_directory.h"
#include "core/base/replace_file.h"
#include "core/base/unique_fd.h"
#include "nsm-mock/pki/certificate_profile.h"

namespace glovebox::tls {
namespace {

constexpr const char* key_name = "ca.key";
constexpr const char* certificate_name = "ca.pem";
constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr auto authority_lifetime = std::chrono::days(3650);
constexpr auto leaf_lifetime = std::chrono::days(365);
// An authority with less time left than this is replaced, so that no leaf outlives it.
constexpr auto authority_rest = std::chrono::days(366);
// A client's clock may be behind.
constexpr auto backdated = std::chrono::days(1);
constexpr std::size_t host_bytes_max = 253;

struct SubtreesFree {
    void operator()(NAME_CONSTRAINTS* constraints) const { NAME_CONSTRAINTS_free(constraints); }
};

Result<std::optional<std::string>> read(int directory, const char* name) {
    const UniqueFd file(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) {
        if (errno == ENOENT)
            return std::optional<std::string>();
        return errno_error(fmt::format("cannot open {}", name), errno);
    }
    std::string content(file_bytes_max, '\0');
    const ssize_t size = ::read(file.get(), content.data(), content.size());
    if (size < 0)
        return errno_error(fmt::format("cannot read {}", name), errno);
    content.resize(static_cast<std::size_t>(size));
    return std::optional(std::move(content));
}

std::vector<std::string> permitted_hosts(const nsm::Certificate& certificate) {
    std::vector<std::string> hosts;
    const std::unique_ptr<NAME_CONSTRAINTS, SubtreesFree> constraints(
        static_cast<NAME_CONSTRAINTS*>(
            X509_get_ext_d2i(certificate.get(), NID_name_constraints, nullptr, nullptr)));
    if (!constraints)
        return hosts;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); ++i) {
        const GENERAL_NAME* base =
            sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base;
        if (base->type == GEN_DNS)
            hosts.emplace_back(
                reinterpret_cast<const char*>(ASN1_STRING_get0_data(base->d.dNSName)),
                static_cast<std::size_t>(ASN1_STRING_length(base->d.dNSName)));
    }
    return hosts;
}

Bytes serial(RandomSource& random) {
    Bytes out(16);
    random.fill(out);
    out[0] = static_cast<std::uint8_t>((out[0] & 0x7f) | 0x40);
    return out;
}

nsm::Certificate make_authority(const nsm::SigningKey& key, const std::string& common_name,
                                const std::vector<std::string>& hosts, TimePoint now,
                                RandomSource& random) {
    std::string constraints = "critical";
    for (const std::string& host : hosts)
        constraints += ",permitted;DNS:" + host;
    constraints += ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0";
    const auto today = std::chrono::floor<std::chrono::seconds>(now);
    return nsm::issue_certificate(
        {serial(random),
         {{NID_organizationName, "Glovebox"}, {NID_commonName, common_name}},
         today - backdated,
         today + authority_lifetime,
         {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_ext_key_usage, "serverAuth"},
          {NID_name_constraints, constraints},
          {NID_subject_key_identifier, "hash"}}},
        key, key, nullptr);
}

struct Stored {
    nsm::SigningKey key;
    nsm::Certificate certificate;
};

// Empty if there is no authority, or an unusable one.
std::optional<Stored> parse(const std::optional<std::string>& key_pem,
                            const std::optional<std::string>& certificate_pem) {
    if (!key_pem || !certificate_pem)
        return std::nullopt;
    auto key = nsm::SigningKey::from_pem(*key_pem);
    auto certificate = nsm::Certificate::from_pem(*certificate_pem);
    if (!key || !certificate || !is_key_of(key->get(), certificate->get()))
        return std::nullopt;
    return Stored{std::move(*key), std::move(*certificate)};
}

}  // namespace

bool is_dns_name(std::string_view text) {
    if (text.empty() || text.size() > host_bytes_max)
        return false;
    std::size_t label = 0;
    bool letter = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || text[i] == '.') {
            if (label == 0 || label > 63 || text[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        const char c = text[i];
        const bool alphabetic = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphabetic && !(c >= '0' && c <= '9') && !(c == '-' && label > 0))
            return false;
        letter |= alphabetic;
        ++label;
    }
    return letter;  // without a letter it could be an IPv4 address
}

Result<WorldCa> WorldCa::open(const std::string& directory, std::vector<std::string> hosts,
                              TimePoint now, RandomSource& random) {
    for (std::string& host : hosts) {
        if (!is_dns_name(host))
            return invalid_input(fmt::format(
                "\"{}\" is not a host name that a certificate can be made for: a name such as "
                "kms.us-east-1.amazonaws.com was expected",
                host));
        for (char& c : host)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const auto folder = open_private_directory(directory);
    if (!folder)
        return folder.error();
    int locked = 0;
    do
        locked = ::flock(folder->get(), LOCK_EX);
    while (locked != 0 && errno == EINTR);
    if (locked != 0)
        return errno_error("cannot lock " + directory, errno);
    const auto key_pem = read(folder->get(), key_name);
    const auto certificate_pem = read(folder->get(), certificate_name);
    if (!key_pem || !certificate_pem)
        return Error(key_pem ? certificate_pem.error() : key_pem.error()).in(directory);

    auto stored = parse(*key_pem, *certificate_pem);
    const bool fresh = stored && stored->certificate.not_before() <= now &&
                       now + authority_rest < stored->certificate.not_after();
    const std::vector<std::string> known =
        stored ? permitted_hosts(stored->certificate) : std::vector<std::string>();
    hosts.insert(hosts.end(), known.begin(), known.end());
    std::sort(hosts.begin(), hosts.end());
    hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
    if (hosts.empty())
        return invalid_input("a TLS authority needs a host that it may speak for");

    WorldCa ca;
    ca.file_ = directory + "/" + certificate_name;
    ca.hosts_ = hosts;
    if (fresh && hosts.size() == known.size()) {
        ca.key_pem_ = **key_pem;
        ca.certificate_pem_ = **certificate_pem;
        return ca;
    }
    const nsm::SigningKey key = stored ? stored->key : nsm::SigningKey::generate();
    const std::string name = stored ? stored->certificate.common_name()
                                    : "Glovebox world CA " + to_hex(serial(random)).substr(0, 12);
    const nsm::Certificate certificate = make_authority(key, name, hosts, now, random);
    ca.key_pem_ = key.to_pem();
    ca.certificate_pem_ = certificate.to_pem();
    if (auto written = replace_file(folder->get(), key_name, {.content = as_bytes(ca.key_pem_)});
        !written)
        return Error(written.error()).in(directory);
    if (auto written = replace_file(folder->get(), certificate_name,
                                    {.content = as_bytes(ca.certificate_pem_), .mode = 0644});
        !written)
        return Error(written.error()).in(directory);
    return ca;
}

Result<http::TlsIdentity> WorldCa::issue(const std::vector<std::string>& hosts, TimePoint now,
                                         RandomSource& random) const {
    std::string names;
    for (const std::string& host : hosts) {
        if (!std::binary_search(hosts_.begin(), hosts_.end(), host))
            return invalid_input(fmt::format("{} permits no certificate for {}", file_, host));
        names += (names.empty() ? "DNS:" : ",DNS:") + host;
    }
    if (names.empty())
        return invalid_input("a server's certificate needs a host");
    const auto authority_key = nsm::SigningKey::from_pem(key_pem_);
    const auto authority = nsm::Certificate::from_pem(certificate_pem_);
    if (!authority_key || !authority)
        return authority_key ? authority.error() : authority_key.error();
    const nsm::SigningKey key = nsm::SigningKey::generate();
    const auto today = std::chrono::floor<std::chrono::seconds>(now);
    const nsm::Certificate leaf = nsm::issue_certificate(
        {serial(random),
         {{NID_organizationName, "Glovebox"}, {NID_commonName, hosts.front().substr(0, 64)}},
         today - backdated,
         today + leaf_lifetime,
         {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, "serverAuth"},
          {NID_subject_alt_name, names},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid"}}},
        key, *authority_key, &*authority);
    return http::TlsIdentity{leaf.to_pem() + certificate_pem_, key.to_pem()};
}

}  // namespace glovebox::tls
