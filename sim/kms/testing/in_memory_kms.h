// SPDX-License-Identifier: Apache-2.0

// For tests: a KMS over an empty store (empty_store.h), which is asked as clients ask it. No
// signature is checked, and the caller is a user of the account with an administrator's IAM policy.
#pragma once

#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/base64.h"
#include "sim/kms/service.h"
#include "sim/kms/testing/empty_store.h"
#include "sim/kms/testing/enclave.h"

namespace glovebox::kms::testing {

namespace json = boost::json;

// A parsed answer.
struct Outcome {
    unsigned status = 0;
    std::string exception;    // empty for a success
    std::string message;      // AWS's
    std::string explanation;  // x-glovebox-explanation
    json::object output;

    // A member's text; empty if it is absent.
    [[nodiscard]] std::string text(std::string_view member) const {
        const auto* value = output.if_contains(member);
        return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                      : std::string();
    }
};

class InMemoryKms {
  public:
    static constexpr auto account = "111122223333";
    static constexpr auto tester = "arn:aws:iam::111122223333:user/tester";

    // `context`: what a scene says about condition keys. `file`: of the store. `region`: the KMS's.
    explicit InMemoryKms(iam::Principal caller = iam::parse_principal(tester).value(),
                         policy::RequestContext context = {},
                         const std::string& file = KeyStore::in_memory,
                         std::string region = "us-east-1")
        : keys(file == KeyStore::in_memory ? empty_store(region)
                                           : KeyStore::open(file, region).value()),
          region_(std::move(region)),
          caller_(std::move(caller)),
          context_(std::move(context)) {}

    Outcome ask(std::string_view operation, const json::object& input) {
        http::Request request;
        request.method = "POST";
        request.target = "/";
        request.headers = {{"Host", "kms.us-east-1.amazonaws.com"},
                           {"User-Agent", "tester/1.0"},
                           {"Referer", "https://example.com/"},
                           {"X-Amz-Target", "TrentService." + std::string(operation)}};
        request.remote_address = "203.0.113.7";
        request.body = json::serialize(input);
        const http::Response response = service_.handle(request);
        Outcome outcome{response.status,
                        {},
                        {},
                        std::string(response.header(explanation_header).value_or("")),
                        {}};
        if (!response.body.empty())
            outcome.output = json::parse(response.body).as_object();
        if (response.status != 200) {
            outcome.exception = outcome.text("__type");
            outcome.message = outcome.text("message") + outcome.text("Message");
        }
        return outcome;
    }

    // Creates a key and returns its ID.
    std::string create_key(std::string_view spec, std::string_view usage) {
        return std::string(ask("CreateKey", {{"KeySpec", spec}, {"KeyUsage", usage}})
                               .output.at("KeyMetadata")
                               .at("KeyId")
                               .as_string());
    }

    [[nodiscard]] std::string arn(const std::string& id) const {
        return fmt::format("arn:aws:kms:{}:{}:key/{}", region_, account, id);
    }

    // Imports `material` into a key of Origin EXTERNAL; `more` takes the place of members.
    Outcome import(const std::string& key, const Bytes& material, const json::object& more = {},
                   const std::string& algorithm = "RSAES_OAEP_SHA_256") {
        const Outcome parameters = ask(
            "GetParametersForImport",
            {{"KeyId", key}, {"WrappingAlgorithm", algorithm}, {"WrappingKeySpec", "RSA_2048"}});
        const auto wrapping =
            PublicKey::from_der(from_base64(parameters.text("PublicKey")).value()).value();
        json::object input{
            {"KeyId", key},
            {"ImportToken", parameters.text("ImportToken")},
            {"EncryptedKeyMaterial",
             to_base64(wrapping.encrypt_oaep(hash_of(algorithm), material).value())},
            {"ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE"},
        };
        for (const auto& member : more)
            input[member.key()] = member.value();
        return ask("ImportKeyMaterial", input);
    }

    // A Recipient with a document of an enclave that this KMS trusts.
    [[nodiscard]] json::object recipient() const {
        return {{"KeyEncryptionAlgorithm", "RSAES_OAEP_SHA_256"},
                {"AttestationDocument", to_base64(Enclave(root(), clock.now()).attest())}};
    }

    Directory directory{account};
    ManualClock clock{parse_time("2026-03-04T05:06:07Z").value()};
    std::unique_ptr<KeyStore> keys;

  private:
    static const nsm::CaIdentity& root() {
        static const nsm::CaIdentity identity = [] {
            SystemRandom random;
            return nsm::make_mock_root(random);
        }();
        return identity;
    }

    [[nodiscard]] ServiceSettings settings() const {
        ServiceSettings settings;
        settings.account = account;
        settings.region = region_;
        settings.authenticate = false;
        settings.anonymous = caller_;
        settings.context = context_;
        return settings;
    }

    std::string region_;
    iam::Principal caller_;
    policy::RequestContext context_;
    SystemRandom random_;
    iam::CredentialStore credentials_;
    Service service_{
        settings(), *keys,   credentials_, directory, {nsm::TrustRoot("mock", root().certificate)},
        clock,      random_, null_log(),   nullptr,   nullptr};
};

inline std::string base64(std::string_view text) {
    return to_base64(as_bytes(text));
}

}  // namespace glovebox::kms::testing
