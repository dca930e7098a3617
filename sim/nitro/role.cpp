// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/role.h"

#include <fmt/core.h>

#include <cstdlib>
#include <vector>

#include "core/base/printable.h"
#include "sim/nitro/nitro_cli.h"
#include "sim/vm/captured.h"

namespace glovebox::nitro {
namespace {

using State = Finding::State;

constexpr std::string_view aws_service = "http://169.254.169.254";
constexpr int not_found = 22;  // curl's status for an HTTP error

Result<vm::Captured> ask(const std::string& path, std::vector<std::string> more) {
    const char* const named = std::getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const std::string service(named != nullptr && *named != '\0' ? named : aws_service);
    std::vector<std::string> words{"curl",       "--silent", "--show-error", "--fail",
                                   "--max-time", "5",        "--noproxy",    "*"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(service + "/latest/" + path);
    return vm::capture(words);
}

Finding unknown(const std::string& why) {
    return {State::limited, "role",
            "the instance's metadata service can't be asked for it: " + failure_in(why)};
}

}  // namespace

Finding judge_role(const std::string& role_arn) {
    const std::string subject = "role";
    const std::string wanted = role_arn.substr(role_arn.rfind('/') + 1);
    const auto token = ask(
        "api/token", {"--request", "PUT", "--header", "X-aws-ec2-metadata-token-ttl-seconds: 60"});
    if (!token || token->status != 0)
        return unknown(token ? token->errors : token.error().message);
    const auto role = ask("meta-data/iam/security-credentials/",
                          {"--header", "X-aws-ec2-metadata-token: " + token->output});
    if (!role || (role->status != 0 && role->status != not_found))
        return unknown(role ? role->errors : role.error().message);
    const std::string profile = fmt::format(
        "aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name={}",
        wanted);
    const std::string has = role->output.substr(0, role->output.find('\n'));
    if (has.empty())
        return {State::no, subject,
                fmt::format("the instance has no role, and the world file has {}", role_arn),
                profile};
    if (has != wanted)
        return {State::no, subject,
                fmt::format("the instance's role is {}, and the world file has {}: PCR3 and KMS's "
                            "policies would differ",
                            printable(has), role_arn),
                fmt::format("role_arn in the world file, or {}", profile)};
    return {State::yes, subject, wanted};
}

}  // namespace glovebox::nitro
