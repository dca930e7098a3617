// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/certificate_authority.h"

#include <algorithm>

#include "nsm-mock/pki/certificate_profile.h"

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

// AWS's root: 2019-10-28T13:28:05Z to 2049-10-28T14:28:05Z.
constexpr TimePoint root_not_before{seconds(1572269285)};
constexpr TimePoint root_not_after{seconds(2519044085)};

constexpr auto regional_lifetime = days(20) + 1h;
constexpr auto zonal_lifetime_least = days(5) + 14h;
constexpr std::uint8_t zonal_lifetime_choices = 8;  // whole hours, 14 to 21
constexpr auto instance_lifetime = 24h;
constexpr auto leaf_lifetime = 3h;
// A leaf is valid a little before it was issued.
constexpr auto leaf_backdating = 3s;

// On Nitro the upper certificates are older than the enclave; these are ages seen in real
// documents.
constexpr auto regional_age = days(2) + 13h;
constexpr auto zonal_age = 8h;
constexpr auto instance_age = 10min;

Bytes random_bytes(RandomSource& random, std::size_t count) {
    Bytes bytes(count);
    random.fill(bytes);
    return bytes;
}

// The first byte is not zero, so the number has its full width.
Bytes random_serial(RandomSource& random, std::size_t bytes) {
    Bytes serial = random_bytes(random, bytes);
    if (serial.front() == 0)
        serial.front() = 1;
    return serial;
}

// A random UUID (RFC 9562 version 4).
std::string random_uuid(RandomSource& random) {
    Bytes bytes = random_bytes(random, 16);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string text = to_hex(bytes);
    for (const std::size_t position : {20, 16, 12, 8})
        text.insert(position, 1, '-');
    return text;
}

}  // namespace

bool is_region(std::string_view text) {
    return !text.empty() && text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

std::string mock_instance_id(const Certificate& root) {
    return "i-0" + to_hex(root.fingerprint()).substr(0, 16);
}

CaIdentity make_mock_root(RandomSource& random) {
    const SigningKey key = SigningKey::generate();
    const CertificateContent content{random_serial(random, 16), root_name(), root_not_before,
                                     root_not_after, root_extensions()};
    return {key, issue_certificate(content, key, key, nullptr)};
}

CertificateAuthority::CertificateAuthority(const CaIdentity& root, RandomSource& random)
    : root_{root, {root.certificate.der()}}, random_(random) {}

const CertificateAuthority::Issuer* CertificateAuthority::find(const Cache& cache,
                                                               const std::string& name,
                                                               Validity needed) {
    const auto found = cache.find(name);
    if (found == cache.end())
        return nullptr;
    const Certificate& certificate = found->second.identity.certificate;
    const bool covers =
        certificate.not_before() <= needed.from && needed.until <= certificate.not_after();
    return covers ? &found->second : nullptr;
}

CertificateAuthority::Issuer CertificateAuthority::make_issuer(
    const Issuer& above, Bytes serial, Name subject, Validity validity,
    std::vector<ExtensionText> extensions) {
    const SigningKey key = SigningKey::generate();
    Issuer made{{key, issue_certificate({std::move(serial), std::move(subject), validity.from,
                                         validity.until, std::move(extensions)},
                                        key, above.identity.key, &above.identity.certificate)},
                above.bundle};
    made.bundle.push_back(made.identity.certificate.der());
    return made;
}

const CertificateAuthority::Issuer& CertificateAuthority::regional(const std::string& region,
                                                                   TimePoint now, Validity needed) {
    if (const Issuer* cached = find(regional_, region, needed))
        return *cached;
    const TimePoint from = now - regional_age;
    return regional_
        .insert_or_assign(region,
                          make_issuer(root_, random_serial(random_, 16),
                                      regional_name(to_hex(random_bytes(random_, 8)), region),
                                      {from, from + regional_lifetime}, regional_extensions()))
        .first->second;
}

const CertificateAuthority::Issuer& CertificateAuthority::zonal(const std::string& region,
                                                                TimePoint now, Validity needed) {
    if (const Issuer* cached = find(zonal_, region, needed))
        return *cached;
    const auto more = std::chrono::hours(random_bytes(random_, 1)[0] % zonal_lifetime_choices);
    const TimePoint from = now - zonal_age;
    const Validity validity{from, from + zonal_lifetime_least + more};
    return zonal_
        .insert_or_assign(
            region, make_issuer(regional(region, now, validity), random_serial(random_, 16),
                                zonal_name(to_hex(random_bytes(random_, 8)), region), validity,
                                zonal_extensions(region, random_uuid(random_))))
        .first->second;
}

const CertificateAuthority::Issuer& CertificateAuthority::instance(const std::string& instance_id,
                                                                   const std::string& region,
                                                                   TimePoint now, Validity needed) {
    const std::string name = instance_id + "." + region;
    if (const Issuer* cached = find(instance_, name, needed))
        return *cached;
    const TimePoint from = now - instance_age;
    const Validity validity{from, from + instance_lifetime};
    return instance_
        .insert_or_assign(
            name, make_issuer(zonal(region, now, validity), random_serial(random_, 20),
                              instance_name(instance_id, region), validity, instance_extensions()))
        .first->second;
}

EnclaveIdentity CertificateAuthority::issue(const ModuleId& id, const std::string& region,
                                            TimePoint now) {
    const std::scoped_lock lock(mutex_);
    const auto issued = std::chrono::floor<seconds>(now);
    const Validity validity{issued - leaf_backdating, issued + leaf_lifetime};
    const Issuer& issuer = instance(id.instance_id, region, issued, validity);
    // Serial number: the enclave's id, then the second of issue, 8 bytes each.
    Bytes serial(id.enclave_id.begin(), id.enclave_id.end());
    const auto second = static_cast<std::uint64_t>(issued.time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8)
        serial.push_back(static_cast<std::uint8_t>(second >> shift));
    const SigningKey key = SigningKey::generate();
    const Certificate leaf =
        issue_certificate({std::move(serial), leaf_name(to_string(id), region), validity.from,
                           validity.until, leaf_extensions()},
                          key, issuer.identity.key, &issuer.identity.certificate);
    return {key, leaf.der(), issuer.bundle, validity.from, validity.until};
}

}  // namespace glovebox::nsm
