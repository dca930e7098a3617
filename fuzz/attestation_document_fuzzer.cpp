// SPDX-License-Identifier: Apache-2.0

// Any bytes as an attestation document, and as the payload of one, so that fields and certificates
// are reached without an envelope's luck. With AWS's root none is ever verified; with the root that
// the document itself brings, at its own time, every check is gone through. Whatever is decoded is
// encoded again as it was.

#include "fuzz/require.h"
#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/certificate.h"
#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/document/document_error.h"
#include "nsm-mock/document/verify_document.h"

namespace {

using namespace glovebox;

std::optional<nsm::AttestationDocument> decode(BytesView payload) {
    std::vector<std::string> warnings;
    auto document = nsm::decode_payload(payload, nsm::FieldLimits::lenient, warnings);
    return document ? std::optional(*std::move(document)) : std::nullopt;
}

// The way through the whole chain: believes whatever root is brought.
void verify_with_own_root(const nsm::CoseSign1& sign1, const nsm::AttestationDocument& claims) {
    const auto root = nsm::Certificate::from_der(claims.cabundle.front());
    if (!root)
        return;
    const auto verified =
        nsm::verify_document(sign1.encode(), nsm::TrustRoot("own", *root), claims.timestamp);
    require(verified || !verified.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const nsm::TrustRoot root = nsm::TrustRoot::aws();
    constexpr TimePoint now{std::chrono::milliseconds(1'700'000'000'123)};
    const BytesView bytes(data, size);

    const auto verified = nsm::verify_document(bytes, root, now);
    require(!verified);
    const auto refusal = static_cast<nsm::DocumentError>(verified.error().code.value());
    if (nsm::check_of(refusal) != nsm::Check::syntax) {
        const auto sign1 = nsm::CoseSign1::decode(bytes);
        require(sign1 && sign1->encode() == Bytes(bytes.begin(), bytes.end()));
        if (const auto claims = decode(sign1->payload))
            verify_with_own_root(*sign1, *claims);
    }
    if (const auto document = decode(bytes)) {
        const nsm::CoseSign1 wrapped{Bytes(bytes.begin(), bytes.end()), {}};
        require(!nsm::verify_document(wrapped.encode(), root, now));
        verify_with_own_root(wrapped, *document);
        const Bytes payload = nsm::encode_payload(*document, nsm::PayloadForm::definite);
        const auto again = decode(payload);
        require(again && nsm::encode_payload(*again, nsm::PayloadForm::definite) == payload);
        for (const Bytes& der : document->cabundle)
            if (const auto certificate = nsm::Certificate::from_der(der))
                require(certificate->der() == der && !certificate->subject().empty());
    }
    if (const auto certificate = nsm::Certificate::from_der(bytes))
        require(certificate->der() == Bytes(bytes.begin(), bytes.end()));
    return 0;
}
