// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/condition_key.h"

#include <algorithm>
#include <array>

#include "core/base/ascii.h"

namespace glovebox::kms::policy {
namespace {

using enum Availability;

constexpr std::string_view always = "every signed request has it";
constexpr std::string_view member_of_organization = "only accounts of an organization have it";
constexpr std::string_view vpc_endpoint = "only requests through a VPC endpoint have it";
constexpr std::string_view service_principal = "only requests of a service principal have it";
constexpr std::string_view forwarded = "only requests that a service makes for a caller have it";
constexpr std::string_view mcp = "only requests through an MCP server of AWS have it";
constexpr std::string_view ec2_role = "sessions of an EC2 instance's role have it";
constexpr std::string_view other_role = "only sessions that another service has made have it";
constexpr std::string_view of_key = "every request about a key has it";
constexpr std::string_view of_member = "requests of the operations with that member have it";
constexpr std::string_view of_grant = "CreateGrant has it if the grant has that member";
constexpr std::string_view with_document = "requests with an attestation document have it";

constexpr std::array keys{
    // The principal.
    ConditionKey{"aws:PrincipalArn", set, always},
    ConditionKey{"aws:PrincipalAccount", set, always},
    ConditionKey{"aws:PrincipalOrgPaths", not_emulated, member_of_organization},
    ConditionKey{"aws:PrincipalOrgID", not_emulated, member_of_organization},
    ConditionKey{"aws:PrincipalTag/", set, "users and roles with that tag have it"},
    ConditionKey{"aws:PrincipalIsAWSService", set, always},
    ConditionKey{"aws:PrincipalServiceName", absent, service_principal},
    ConditionKey{"aws:PrincipalServiceNamesList", absent, service_principal},
    ConditionKey{"aws:PrincipalType", set, always},
    ConditionKey{"aws:userid", set, always},
    ConditionKey{"aws:username", set, "requests of IAM users have it"},
    // The session of a role.
    ConditionKey{"aws:AssumedRoot", absent, "only sessions of AssumeRoot have it"},
    ConditionKey{"aws:FederatedProvider", absent, "only sessions of web identities have it"},
    ConditionKey{"aws:TokenIssueTime", set, "requests with temporary credentials have it"},
    ConditionKey{"aws:SignInSessionArn", absent, "only sessions of AWS Sign-In have it"},
    ConditionKey{"aws:MultiFactorAuthAge", absent, "only sessions that used MFA have it"},
    ConditionKey{"aws:MultiFactorAuthPresent", set, "requests with temporary credentials have it"},
    ConditionKey{"aws:ChatbotSourceArn", absent, other_role},
    ConditionKey{"aws:Ec2InstanceSourceVpc", not_emulated, ec2_role},
    ConditionKey{"aws:Ec2InstanceSourcePrivateIPv4", not_emulated, ec2_role},
    ConditionKey{"aws:SourceIdentity", absent, "only sessions that AssumeRole gave one have it"},
    ConditionKey{"ec2:RoleDelivery", set, ec2_role},
    ConditionKey{"ec2:SourceInstanceArn", set, ec2_role},
    ConditionKey{"glue:RoleAssumedBy", absent, other_role},
    ConditionKey{"glue:CredentialIssuingService", absent, other_role},
    ConditionKey{"codebuild:BuildArn", absent, other_role},
    ConditionKey{"codebuild:ProjectArn", absent, other_role},
    ConditionKey{"lambda:SourceFunctionArn", absent, other_role},
    ConditionKey{"ssm:SourceInstanceArn", absent, other_role},
    ConditionKey{"identitystore:UserId", absent, "only users of IAM Identity Center have it"},
    // The network.
    ConditionKey{"aws:SourceIp", set, "every request but through a VPC endpoint has it"},
    ConditionKey{"aws:SourceVpc", not_emulated, vpc_endpoint},
    ConditionKey{"aws:SourceVpcArn", not_emulated, vpc_endpoint},
    ConditionKey{"aws:SourceVpce", not_emulated, vpc_endpoint},
    ConditionKey{"aws:VpceAccount", not_emulated, vpc_endpoint},
    ConditionKey{"aws:VpceOrgID", not_emulated, vpc_endpoint},
    ConditionKey{"aws:VpceOrgPaths", not_emulated, vpc_endpoint},
    ConditionKey{"aws:VpcSourceIp", not_emulated, vpc_endpoint},
    // The resource.
    ConditionKey{"aws:ResourceAccount", set, "every request has it"},
    ConditionKey{"aws:ResourceOrgID", not_emulated, member_of_organization},
    ConditionKey{"aws:ResourceOrgPaths", not_emulated, member_of_organization},
    ConditionKey{"aws:ResourceTag/", set, "requests about a key with that tag have it"},
    // The request.
    ConditionKey{"aws:CalledVia", absent, forwarded},
    ConditionKey{"aws:CalledViaFirst", absent, forwarded},
    ConditionKey{"aws:CalledViaLast", absent, forwarded},
    ConditionKey{"aws:CalledViaAWSMCP", absent, mcp},
    ConditionKey{"aws:ViaAWSService", set, always},
    ConditionKey{"aws:ViaAWSMCPService", absent, mcp},
    ConditionKey{"aws:IsMcpServiceAction", absent, mcp},
    ConditionKey{"aws:CurrentTime", set, always},
    ConditionKey{"aws:EpochTime", set, always},
    ConditionKey{"aws:referer", set, "requests with the header Referer have it"},
    ConditionKey{"aws:RequestedRegion", set, always},
    ConditionKey{"aws:RequestTag/", set, "requests that set that tag have it"},
    ConditionKey{"aws:TagKeys", set, "requests that set or remove tags have it"},
    ConditionKey{"aws:SecureTransport", set, always},
    ConditionKey{"aws:SourceAccount", absent, service_principal},
    ConditionKey{"aws:SourceArn", absent, service_principal},
    ConditionKey{"aws:SourceOrgID", absent, service_principal},
    ConditionKey{"aws:SourceOrgPaths", absent, service_principal},
    ConditionKey{"aws:UserAgent", set, "requests with the header User-Agent have it"},
    // KMS's own.
    ConditionKey{"kms:BypassPolicyLockoutSafetyCheck", set, of_member},
    ConditionKey{"kms:CallerAccount", set, always},
    ConditionKey{"kms:CustomerMasterKeySpec", set, of_key},
    ConditionKey{"kms:CustomerMasterKeyUsage", set, of_key},
    ConditionKey{"kms:DataKeyPairSpec", set, of_member},
    ConditionKey{"kms:EncryptionAlgorithm", set, of_member},
    ConditionKey{"kms:EncryptionContext:", set, "requests with that name in the context have it"},
    ConditionKey{"kms:EncryptionContextKeys", set, "requests with an encryption context have it"},
    ConditionKey{"kms:ExpirationModel", set, of_member},
    ConditionKey{"kms:GrantConstraintSourceArn", absent, "only grants to services have it"},
    ConditionKey{"kms:GrantConstraintType", set, of_grant},
    ConditionKey{"kms:GranteePrincipal", set, of_grant},
    ConditionKey{"kms:GranteeServicePrincipal", absent, "only grants to services have it"},
    ConditionKey{"kms:GrantIsForAWSResource", set, "CreateGrant, ListGrants, RevokeGrant have it"},
    ConditionKey{"kms:GrantOperations", set, of_grant},
    ConditionKey{"kms:KeyAgreementAlgorithm", set, of_member},
    ConditionKey{"kms:KeyOrigin", set, of_key},
    ConditionKey{"kms:KeySpec", set, of_key},
    ConditionKey{"kms:KeyUsage", set, of_key},
    ConditionKey{"kms:MacAlgorithm", set, of_member},
    ConditionKey{"kms:MessageType", set, of_member},
    ConditionKey{"kms:MultiRegion", set, of_key},
    ConditionKey{"kms:MultiRegionKeyType", set, "requests about a multi-Region key have it"},
    ConditionKey{"kms:PrimaryRegion", set, "UpdatePrimaryRegion has it"},
    ConditionKey{"kms:RecipientAttestation:ImageSha384", set, with_document},
    ConditionKey{"kms:RecipientAttestation:NitroTPMPCR", absent, "only NitroTPM documents have it"},
    ConditionKey{"kms:RecipientAttestation:PCR", set, with_document},
    ConditionKey{"kms:ReEncryptOnSameKey", set, "ReEncrypt has it"},
    ConditionKey{"kms:ReplicaRegion", set, "ReplicateKey has it"},
    ConditionKey{"kms:RequestAlias", set, "requests that name the key by an alias have it"},
    ConditionKey{"kms:ResourceAliases", set,
                 "only IAM policies can test it, in requests about a key with an alias; a key "
                 "policy never finds it",
                 PolicyScope::identity_policies},
    ConditionKey{"kms:RetiringPrincipal", set, of_grant},
    ConditionKey{"kms:RetiringServicePrincipal", absent, "only grants to services have it"},
    ConditionKey{"kms:RotationPeriodInDays", set, "EnableKeyRotation has it"},
    ConditionKey{"kms:ScheduleKeyDeletionPendingWindowInDays", set, "ScheduleKeyDeletion has it"},
    ConditionKey{"kms:SigningAlgorithm", set, of_member},
    ConditionKey{"kms:TrailingDaysWithoutKeyUsage", not_emulated,
                 "DisableKey and ScheduleKeyDeletion have it"},
    ConditionKey{"kms:ValidTo", set, of_member},
    ConditionKey{"kms:ViaService", absent, forwarded},
    ConditionKey{"kms:WrappingAlgorithm", set, of_member},
    ConditionKey{"kms:WrappingKeySpec", set, of_member},
};

bool is_number_below_32(std::string_view text) {
    const bool digits = !text.empty() && text.size() <= 2 &&
                        text.find_first_not_of("0123456789") == std::string_view::npos;
    return digits && (text.size() == 1 ? true : text[0] != '0' && text <= "31");
}

bool is_named(std::string_view name, const ConditionKey& key) {
    if (name.size() < key.name.size() ||
        !equals_ignoring_case(name.substr(0, key.name.size()), key.name))
        return false;
    const std::string_view rest = name.substr(key.name.size());
    if (key.name.ends_with(':') || key.name.ends_with('/'))
        return !rest.empty();
    return key.name.ends_with("PCR") ? is_number_below_32(rest) : rest.empty();
}

}  // namespace

std::span<const ConditionKey> condition_keys() {
    return keys;
}

const ConditionKey* find_condition_key(std::string_view name) {
    const auto* found = std::find_if(
        keys.begin(), keys.end(), [name](const ConditionKey& key) { return is_named(name, key); });
    return found == keys.end() ? nullptr : found;
}

RequestContext for_key_policy(const RequestContext& context) {
    RequestContext seen = context;
    for (const ConditionKey& key : keys)
        if (key.scope == PolicyScope::identity_policies)
            seen.replace(std::string(key.name), {});
    return seen;
}

bool is_unknown(std::string_view key, const RequestContext& context) {
    const ConditionKey* known = find_condition_key(key);
    return known != nullptr && known->availability == not_emulated && !context.mentions(key);
}

std::string_view unknown_variable(std::string_view text, const RequestContext& context) {
    for (auto begin = text.find("${"); begin != std::string_view::npos;
         begin = text.find("${", begin + 2)) {
        const auto end = text.find_first_of(",}", begin);
        if (end == std::string_view::npos)
            break;
        const std::string_view name = text.substr(begin + 2, end - begin - 2);
        if (is_unknown(name, context))
            return name;
    }
    return {};
}

}  // namespace glovebox::kms::policy
