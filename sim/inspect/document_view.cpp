// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/document_view.h"

#include <utility>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "nsm-mock/document/document_error.h"
#include "nsm-mock/document/text_form.h"
#include "nsm-mock/document/verification_report.h"
#include "nsm-mock/document/verify_document.h"

namespace glovebox::inspect {
namespace {

std::string with_mark(const std::string& report) {
    auto value = read_json(report);
    if (!value || !value->is_object())
        return report;
    value->get_object()["judged_at_its_time"] = true;
    return json_document(*value);
}

}  // namespace

std::string document_view(BytesView file, TimePoint now, const MockRoot& mock_root) {
    const auto document = nsm::decode_text_form(file);
    if (!document)
        return nsm::unread_json(document.error());
    nsm::TrustRoot root = nsm::TrustRoot::aws();
    auto verified = nsm::verify_document(*document, root, now, {});
    if (!verified && verified.error().code == nsm::DocumentError::untrusted_root)
        if (auto mock = mock_root()) {
            auto by_mock = nsm::verify_document(*document, *mock, now, {});
            if (by_mock || by_mock.error().code != nsm::DocumentError::untrusted_root) {
                root = std::move(*mock);
                verified = std::move(by_mock);
            }
        }
    if (verified)
        return nsm::verified_json(*verified, {});
    const auto claims = nsm::unverified_claims(*document);
    if (claims && verified.error().code == nsm::DocumentError::certificate_expired) {
        const auto then = nsm::verify_document(*document, root, claims->timestamp, {});
        if (then)
            return with_mark(nsm::verified_json(*then, {}));
    }
    return nsm::refused_json(verified.error(), root, now, claims);
}

}  // namespace glovebox::inspect
