// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/credentials.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/system/errc.hpp>
#include <cerrno>

#include "core/base/base64.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/output_file.h"
#include "core/base/unique_fd.h"
#include "core/crypto/hash.h"

namespace glovebox::iam {
namespace {

constexpr std::size_t mac_bytes = 32;  // SHA-256
constexpr std::size_t secret_characters = 40;

Bytes tag(HashAlgorithm algorithm, const Bytes& key, std::string_view purpose,
          std::string_view text) {
    return hmac(algorithm, key, as_bytes(std::string(purpose) + std::string(text)));
}

Result<Bytes> read_key(int descriptor, const std::string& file) {
    Bytes key(SessionIssuer::key_bytes + 1);
    const ssize_t length = ::read(descriptor, key.data(), key.size());
    if (length < 0)
        return errno_error("cannot read " + file, errno);
    if (static_cast<std::size_t>(length) != SessionIssuer::key_bytes)
        return invalid_input(
            fmt::format("{} holds {} bytes where a session key of {} was expected: remove "
                        "it and a new one is made",
                        file, length, SessionIssuer::key_bytes));
    key.resize(SessionIssuer::key_bytes);
    return key;
}

}  // namespace

Result<SessionIssuer> SessionIssuer::open(const std::string& file, RandomSource& random) {
    for (int tries = 0; tries < 2; ++tries) {
        if (const UniqueFd existing(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            existing) {
            auto key = read_key(existing.get(), file);
            if (!key)
                return key.error();
            return SessionIssuer(std::move(*key));
        }
        if (errno != ENOENT)
            return errno_error("cannot open " + file, errno);
        // Written aside and linked into place: no process reads half a key, and the first one wins.
        std::string aside = file + ".XXXXXX";
        const UniqueFd fresh(::mkostemp(aside.data(), O_CLOEXEC));  // mode 0600
        if (!fresh)
            return errno_error("cannot create " + file, errno);
        Bytes key(key_bytes);
        random.fill(key);
        const auto written = write_all(fresh.get(), key, file);
        const bool linked = written && ::link(aside.c_str(), file.c_str()) == 0;
        const int link_error = errno;
        ::unlink(aside.c_str());
        if (!written)
            return written.error();
        if (linked)
            return SessionIssuer(std::move(key));
        if (link_error != EEXIST)
            return errno_error("cannot create " + file, link_error);
    }
    return invalid_input(file + " appears and disappears: somebody else removes it");
}

std::string SessionIssuer::secret_for(std::string_view access_key_id) const {
    return to_base64(tag(HashAlgorithm::sha384, key_, "secret", access_key_id))
        .substr(0, secret_characters);
}

Result<Credential> SessionIssuer::issue(std::string_view role_arn, std::string_view session_name,
                                        const Delivery& delivery, std::chrono::seconds lifetime,
                                        RandomSource& random) const {
    auto principal = session_of(role_arn, session_name);
    if (!principal)
        return principal.error();
    static constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::array<std::uint8_t, 16> chance;
    random.fill(chance);
    Credential credential;
    credential.access_key_id = "ASIA";
    for (const std::uint8_t byte : chance)
        credential.access_key_id += base32[byte & 31];
    credential.secret_access_key = secret_for(credential.access_key_id);
    const auto issued = std::chrono::floor<std::chrono::seconds>(delivery.issued);
    credential.expiration = issued + lifetime;
    credential.principal = std::move(*principal);
    credential.principal.delivery = Delivery{issued, delivery.imds_version};
    const std::string claims = json_text(boost::json::object{
        {"role", role_arn},
        {"session", session_name},
        {"id", credential.access_key_id},
        {"expires", (issued + lifetime).time_since_epoch().count()},
        {"issued", issued.time_since_epoch().count()},
        {"imds", delivery.imds_version},
    });
    Bytes sealed(claims.begin(), claims.end());
    const Bytes mac = tag(HashAlgorithm::sha256, key_, "token", claims);
    sealed.insert(sealed.end(), mac.begin(), mac.end());
    credential.session_token = to_base64(sealed);
    return credential;
}

Result<Credential> SessionIssuer::redeem(std::string_view token,
                                         std::string_view access_key_id) const {
    const auto sealed = from_base64(token);
    if (!sealed || sealed->size() <= mac_bytes)
        return invalid_input("the session token is not one of this world's metadata service");
    const std::string_view claims = as_text(*sealed).substr(0, sealed->size() - mac_bytes);
    const Bytes mac = tag(HashAlgorithm::sha256, key_, "token", claims);
    if (CRYPTO_memcmp(mac.data(), sealed->data() + claims.size(), mac_bytes) != 0)
        return invalid_input(
            "the session token was sealed with another key: its metadata service and this service "
            "must share one state directory");
    const auto value = read_json(claims);
    const auto* object = value ? value->if_object() : nullptr;
    const auto text = [object](std::string_view name) -> const boost::json::string* {
        const auto* member = object == nullptr ? nullptr : object->if_contains(name);
        return member == nullptr ? nullptr : member->if_string();
    };
    const auto seconds = [object](std::string_view name) -> std::optional<TimePoint> {
        const auto* member = object == nullptr ? nullptr : object->if_contains(name);
        if (member == nullptr || !member->is_int64())
            return std::nullopt;
        return TimePoint(std::chrono::seconds(member->get_int64()));
    };
    const auto expires = seconds("expires");
    const auto issued = seconds("issued");
    if (text("role") == nullptr || text("session") == nullptr || text("id") == nullptr ||
        text("imds") == nullptr || !expires || !issued)
        return invalid_input("the session token's claims are not complete");
    if (*text("id") != access_key_id)
        return invalid_input(fmt::format("the session token belongs to {}, not to {}",
                                         std::string_view(*text("id")), access_key_id));
    auto principal = session_of(*text("role"), *text("session"));
    if (!principal)
        return principal.error();
    Credential credential;
    credential.access_key_id = access_key_id;
    credential.secret_access_key = secret_for(access_key_id);
    credential.session_token = token;
    credential.expiration = *expires;
    credential.principal = std::move(*principal);
    credential.principal.delivery = Delivery{*issued, std::string(*text("imds"))};
    return credential;
}

void CredentialStore::add(Credential credential) {
    std::string id = credential.access_key_id;
    by_id_.insert_or_assign(std::move(id), std::move(credential));
}

Result<Credential> CredentialStore::find(std::string_view access_key_id,
                                         std::string_view session_token) const {
    if (const auto found = by_id_.find(access_key_id); found != by_id_.end()) {
        if (found->second.session_token != session_token)
            return invalid_input(
                session_token.empty()
                    ? fmt::format("{} needs its session token in X-Amz-Security-Token",
                                  access_key_id)
                    : fmt::format("the session token is not the one of {}", access_key_id));
        return found->second;
    }
    if (!session_token.empty() && issuer_)
        return issuer_->redeem(session_token, access_key_id);
    if (access_key_id.starts_with("ASIA") && session_token.empty())
        return invalid_input(fmt::format(
            "{} is a temporary key id, and the request has no session token: set AWS_SESSION_TOKEN "
            "beside AWS_ACCESS_KEY_ID",
            access_key_id));
    return invalid_input(fmt::format("nobody here has the access key id {}", access_key_id));
}

}  // namespace glovebox::iam
