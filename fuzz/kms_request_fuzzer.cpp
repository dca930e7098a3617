// SPDX-License-Identifier: Apache-2.0

// Any body for any operation: the first byte chooses the operation, the rest is the body. Whatever
// comes, there is an answer, and never an internal error.

#include <array>
#include <cstdlib>

#include "fuzz/require.h"
#include "sim/kms/service.h"

namespace {

using namespace glovebox;
using namespace glovebox::kms;

// Those that make RSA keys are left out: one takes longer than a thousand requests.
constexpr std::array operations{"CancelKeyDeletion",
                                "CreateAlias",
                                "Decrypt",
                                "DeleteAlias",
                                "DescribeKey",
                                "DisableKey",
                                "EnableKey",
                                "Encrypt",
                                "GenerateDataKey",
                                "GenerateDataKeyWithoutPlaintext",
                                "GenerateMac",
                                "GenerateRandom",
                                "GetKeyPolicy",
                                "GetPublicKey",
                                "ListAliases",
                                "ListKeyPolicies",
                                "ListKeys",
                                "PutKeyPolicy",
                                "ReEncrypt",
                                "ScheduleKeyDeletion",
                                "Sign",
                                "UpdateAlias",
                                "Verify",
                                "VerifyMac",
                                "DeriveSharedSecret",
                                "CreateGrant",
                                "ListGrants",
                                "RetireGrant",
                                "RevokeGrant",
                                "ListRetirableGrants",
                                "TagResource",
                                "UntagResource",
                                "ListResourceTags",
                                "EnableKeyRotation",
                                "ListKeyRotations",
                                "ImportKeyMaterial",
                                "DeleteImportedKeyMaterial",
                                "ReplicateKey",
                                "UpdateKeyDescription"};

struct World {
    World() {
        Key key;
        key.id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        key.spec = "SYMMETRIC_DEFAULT";
        key.usage = "ENCRYPT_DECRYPT";
        key.policy = policy::default_key_policy("aws", "111122223333");
        key.material = Bytes(32, 1);
        key.material_id = make_material_id(random);
        if (!keys->add(key).value())
            std::abort();
        settings.authenticate = false;
        settings.anonymous = iam::parse_principal("arn:aws:iam::111122223333:root").value();
        service.emplace(settings, *keys, credentials, directory, std::vector{nsm::TrustRoot::aws()},
                        clock, random, null_log(), nullptr, nullptr);
    }

    SystemRandom random;
    ManualClock clock{TimePoint(std::chrono::milliseconds(1'700'000'000'123))};
    std::unique_ptr<KeyStore> keys = KeyStore::open(KeyStore::in_memory).value();
    iam::CredentialStore credentials;
    Directory directory{"111122223333"};
    ServiceSettings settings;
    std::optional<Service> service;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0)
        return 0;
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers = {
        {"Host", "kms.us-east-1.amazonaws.com"},
        {"X-Amz-Target", std::string("TrentService.") + operations[data[0] % operations.size()]}};
    request.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    request.remote_address = "127.0.0.1";
    const http::Response response = world.service->handle(request);
    require(response.status == 200 || response.status == 400);
    return 0;
}
