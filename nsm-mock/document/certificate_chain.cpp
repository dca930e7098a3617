// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/certificate_chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "core/crypto/openssl.h"
#include "nsm-mock/document/document_error.h"
#include "nsm-mock/document/es384.h"

namespace glovebox::nsm {
namespace {

using Chain = std::vector<Certificate>;

// The name of the certificate at `index`, root first: "the zonal certificate".
std::string place_of(std::size_t index, std::size_t count) {
    static constexpr std::array<std::string_view, 5> names{"root", "regional", "zonal", "instance",
                                                           "leaf"};
    if (index == 0)
        return "the root certificate";
    if (index + 1 == count)
        return "the leaf certificate";
    if (count == names.size())
        return fmt::format("the {} certificate", names[index]);
    return fmt::format("the certificate at cabundle[{}]", index);
}

std::string called(const Chain& chain, std::size_t index) {
    return fmt::format("{} (CN={})", place_of(index, chain.size()), chain[index].common_name());
}

Result<Chain> read_chain(const AttestationDocument& document, const TrustRoot& root) {
    Chain chain;
    const std::size_t count = document.cabundle.size() + 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (i == 0 && document.cabundle[0] == root.certificate().der()) {
            chain.push_back(root.certificate());
            continue;
        }
        // The leaf is one enclave's own.
        auto certificate = i + 1 == count ? Certificate::from_der(document.certificate)
                                          : root.certificates_below().read(document.cabundle[i]);
        if (!certificate)
            return Error(DocumentError::malformed_certificate,
                         place_of(i, count) + " can't be read: " + certificate.error().message);
        chain.push_back(std::move(*certificate));
    }
    return chain;
}

Result<void> check_keys(const Chain& chain) {
    for (std::size_t i = 0; i < chain.size(); ++i)
        if (!is_p384(chain[i].public_key()) ||
            X509_get_signature_nid(chain[i].get()) != NID_ecdsa_with_SHA384)
            return Error(DocumentError::wrong_key_type,
                         called(chain, i) + " is not a P-384 key, signed with ecdsa-with-SHA384");
    return {};
}

Result<void> check_root(const Chain& chain, const TrustRoot& root) {
    const Certificate& given = chain.front();
    if (given.der() == root.certificate().der())
        return {};
    return Error(
        DocumentError::untrusted_root,
        fmt::format("the document's root is CN={} (SHA-256 {}), the trusted one is the {} "
                    "root, CN={} (SHA-256 {})",
                    given.common_name(), to_hex(given.fingerprint()), root.name(),
                    root.certificate().common_name(), to_hex(root.certificate().fingerprint())));
}

// The DocumentError for an error of OpenSSL's path validation.
DocumentError refusal_of(int x509_error) {
    switch (x509_error) {
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
        case X509_V_ERR_INVALID_PURPOSE:
        case X509_V_ERR_INVALID_EXTENSION:
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
            return DocumentError::wrong_certificate_usage;
        default:
            return DocumentError::broken_chain;
    }
}

// RFC 5280's path validation, by OpenSSL, without the times.
Result<void> check_path(const Chain& chain, const TrustRoot& root) {
    const StorePtr store(X509_STORE_new());
    const StoreCtxPtr context(X509_STORE_CTX_new());
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> between(
        sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
    if (!store || !context || !between ||
        X509_STORE_add_cert(store.get(), root.certificate().get()) != 1)
        throw_openssl("preparing the check of a chain");
    for (std::size_t i = 1; i + 1 < chain.size(); ++i)
        if (sk_X509_push(between.get(), chain[i].get()) <= 0)
            throw_openssl("preparing the check of a chain");
    if (X509_STORE_CTX_init(context.get(), store.get(), chain.back().get(), between.get()) != 1)
        throw_openssl("preparing the check of a chain");
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()),
                                X509_V_FLAG_NO_CHECK_TIME);
    if (X509_verify_cert(context.get()) != 1) {
        const int error = X509_STORE_CTX_get_error(context.get());
        const int depth = X509_STORE_CTX_get_error_depth(context.get());
        static_cast<void>(openssl_reason());  // leaves the queue empty
        // Depth 0 is the leaf.
        const auto index = chain.size() - 1 -
                           std::min(chain.size() - 1, static_cast<std::size_t>(std::max(depth, 0)));
        return Error(refusal_of(error), fmt::format("{}: {}", called(chain, index),
                                                    X509_verify_cert_error_string(error)));
    }
    const STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context.get());
    bool in_order = static_cast<std::size_t>(sk_X509_num(built)) == chain.size();
    for (std::size_t i = 0; in_order && i < chain.size(); ++i)
        in_order = X509_cmp(sk_X509_value(built, static_cast<int>(i)),
                            chain[chain.size() - 1 - i].get()) == 0;
    if (!in_order)
        return Error(
            DocumentError::broken_chain,
            "cabundle is not in the order root, regional, zonal, instance, each the issuer "
            "of the next");
    return {};
}

// The part that path validation does not check: every certificate above the leaf states CA:TRUE,
// and the leaf signs documents and nothing else.
Result<void> check_usage(const Chain& chain) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i)
        if ((X509_get_extension_flags(chain[i].get()) & EXFLAG_CA) == 0)
            return Error(DocumentError::wrong_certificate_usage,
                         called(chain, i) + " is not a CA by its basic constraints");
    X509* leaf = chain.back().get();
    if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0)
        return Error(
            DocumentError::wrong_certificate_usage,
            called(chain, chain.size() - 1) + " is a CA, and documents are not signed by one");
    if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
        return Error(DocumentError::wrong_certificate_usage,
                     called(chain, chain.size() - 1) +
                         " has no key usage digitalSignature, which signing documents needs");
    return {};
}

// If several certificates are outside of their validity, the error names the one that has been so
// the longest.
Result<void> check_times(const Chain& chain, TimePoint now) {
    std::size_t first = 0;
    std::size_t last = 0;
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (chain[i].not_after() <= chain[first].not_after())
            first = i;
        if (chain[i].not_before() >= chain[last].not_before())
            last = i;
    }
    if (now > chain[first].not_after())
        return Error(
            DocumentError::certificate_expired,
            fmt::format("{} expired {} ago: it was valid until {}, and it is {}",
                        called(chain, first), format_duration(now - chain[first].not_after()),
                        format_time(chain[first].not_after()), format_time(now)));
    if (now < chain[last].not_before())
        return Error(
            DocumentError::certificate_not_yet_valid,
            fmt::format("{} becomes valid in {}: its time begins at {}, and it is {}",
                        called(chain, last), format_duration(chain[last].not_before() - now),
                        format_time(chain[last].not_before()), format_time(now)));
    return {};
}

// Everything that does not depend on the time.
Result<Chain> read_in_order(const AttestationDocument& document, const TrustRoot& root) {
    auto chain = read_chain(document, root);
    if (!chain)
        return chain.error();
    if (const auto checked = check_root(*chain, root); !checked)
        return checked.error();
    if (const auto checked = check_keys(*chain); !checked)
        return checked.error();
    if (const auto checked = check_path(*chain, root); !checked)
        return checked.error();
    if (const auto checked = check_usage(*chain); !checked)
        return checked.error();
    return chain;
}

}  // namespace

Result<std::vector<Certificate>> verify_chain(const AttestationDocument& document,
                                              const TrustRoot& root, TimePoint now,
                                              KnownChains* known) {
    std::optional<Chain> chain;
    if (known != nullptr)
        chain = known->find(document, root);
    if (!chain) {
        auto read = read_in_order(document, root);
        if (!read)
            return read.error();
        chain = std::move(*read);
        if (known != nullptr)
            known->add(document, root, *chain);
    }
    if (const auto checked = check_times(*chain, now); !checked)
        return checked.error();
    return std::move(*chain);
}

}  // namespace glovebox::nsm
