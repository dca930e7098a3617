// SPDX-License-Identifier: Apache-2.0

// Any text as a key policy and as an IAM policy. What is accepted gives a decision with a sentence,
// and the same one when it is asked again.

#include "fuzz/require.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/policy.h"
#include "sim/kms/policy/reason.h"

namespace {

using namespace glovebox;
using namespace glovebox::kms;

policy::AccessRequest request() {
    policy::AccessRequest request;
    request.caller = iam::session_of("arn:aws:iam::111122223333:role/parent", "i-0").value();
    request.action = "kms:Decrypt";
    request.resource =
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    request.account = "111122223333";
    request.recipient = policy::RecipientState::verified;
    request.context.set("kms:RecipientAttestation:ImageSha384", std::string(96, 'a'));
    request.context.set("kms:RecipientAttestation:PCR0", std::string(96, 'a'));
    request.context.set("kms:EncryptionContext:tenant", "1");
    request.context.set("kms:EncryptionContextKeys", std::vector<std::string>{"tenant"});
    request.context.set("aws:SourceIp", "127.0.0.1");
    request.context.set("aws:SecureTransport", "true");
    request.context.set("aws:CurrentTime", "2026-03-04T05:06:07Z");
    request.context.set("kms:MultiRegion", "false");
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const policy::AccessRequest asked = request();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto kind : {policy::PolicyKind::key, policy::PolicyKind::identity}) {
        auto parsed = policy::parse_policy(text, kind);
        if (!parsed) {
            require(!parsed.error().message.empty());
            continue;
        }
        const std::vector<policy::AttachedPolicy> policies{{"the policy", kind, *parsed}};
        const policy::Decision decision = policy::decide(asked, policies);
        require(!decision.sentence.empty() && !policy::to_text(decision).empty());
        require(policy::decide(asked, policies).sentence == decision.sentence);
    }
    return 0;
}
