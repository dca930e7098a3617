// glovebox verify: is this attestation document genuine, and is it what was expected?

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>

#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/document/verify_document.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/verify_report.h"

namespace glovebox::cli {
namespace {

// Base64 of the largest document, and some lines' ends.
constexpr std::size_t document_file_bytes_max = 64 * 1024;
constexpr std::size_t certificate_file_bytes_max = 64 * 1024;

struct Options {
    std::string document;
    std::string root = "aws";
    std::vector<std::string> pcrs;
    std::optional<std::string> nonce;
    std::optional<std::string> user_data;
    std::optional<std::string> public_key;
    std::optional<std::string> max_age;
    std::optional<std::string> at;
    bool no_debug = false;
    bool strict = false;
    bool json = false;
    PkiOption pki;
    ClockOption clock;
};

Result<std::pair<nsm::PcrIndex, nsm::Pcr>> parse_expected_pcr(std::string_view text) {
    const std::size_t equals = text.find('=');
    nsm::PcrIndex index = 0;
    const std::string_view number = text.substr(0, std::min(equals, text.size()));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (equals == std::string_view::npos || error != std::errc() ||
        end != number.data() + number.size() || index >= nsm::pcr_count)
        return Error(make_error_code(boost::system::errc::invalid_argument),
                     fmt::format("\"{}\": N=HEX was expected, N from 0 to {} and 96 hexadecimal "
                                 "digits",
                                 text, nsm::pcr_count - 1));
    const auto value = nsm::parse_pcr(text.substr(equals + 1));
    if (!value)
        return Error(value.error()).in(fmt::format("PCR{}", index));
    return std::pair(index, *value);
}

template <class Parse>
auto checked_by(Parse parse) {
    return [parse](const std::string& text) {
        const auto parsed = parse(text);
        return parsed ? std::string() : parsed.error().message;
    };
}

Result<nsm::TrustRoot> find_root(const Options& options) {
    if (options.root == "aws")
        return nsm::TrustRoot::aws();
    if (options.root == "mock") {
        const auto directory = options.pki.directory();
        if (!directory)
            return directory.error();
        auto certificate = nsm::read_pki_root(*directory);
        if (!certificate)
            return certificate.error();
        return nsm::TrustRoot("mock", std::move(*certificate));
    }
    const auto content = read_file(options.root, certificate_file_bytes_max);
    if (!content)
        return Error(content.error()).in("the root");
    auto certificate = nsm::Certificate::from_der(*content);
    if (!certificate)
        certificate = nsm::Certificate::from_pem(as_text(*content));
    if (!certificate)
        return Error(
            certificate.error().code,
            fmt::format("the root {}: a certificate in PEM or DER was expected", options.root));
    return nsm::TrustRoot(options.root, std::move(*certificate));
}

nsm::Policy make_policy(const Options& options) {
    nsm::Policy policy;
    for (const std::string& text : options.pcrs)
        policy.pcrs.insert(parse_expected_pcr(text).value());
    if (options.nonce)
        policy.nonce = read_bytes_argument(*options.nonce).value();
    if (options.user_data)
        policy.user_data = read_bytes_argument(*options.user_data).value();
    if (options.public_key)
        policy.public_key = read_file(*options.public_key, nsm::payload_bytes_max).value();
    if (options.max_age)
        policy.max_age = parse_duration(*options.max_age).value();
    policy.refuse_debug = options.no_debug;
    if (options.strict)
        policy.limits = nsm::FieldLimits::strict;
    return policy;
}

// What a refused document says, for a person who wonders which one it was.
std::optional<nsm::AttestationDocument> claims_of(BytesView document) {
    const auto sign1 = nsm::CoseSign1::decode(document);
    if (!sign1)
        return std::nullopt;
    std::vector<std::string> ignored;
    auto claims = nsm::decode_payload(sign1->payload, nsm::FieldLimits::lenient, ignored);
    if (!claims)
        return std::nullopt;
    return std::move(*claims);
}

// What a verification needs: all that may not be readable.
struct Inputs {
    nsm::TrustRoot root;
    nsm::Policy policy;
    Bytes document;
};

Inputs read_inputs(const Options& options) {
    nsm::TrustRoot root = find_root(options).value();
    nsm::Policy policy = make_policy(options);
    auto document = decode_text_form(read_file(options.document, document_file_bytes_max).value());
    if (!document)
        throw ErrorException(document.error().in(options.document));
    return {std::move(root), std::move(policy), std::move(*document)};
}

// With --json, a script is told apart by a form of its own that nothing was verified or refused.
Inputs read_inputs_or_say(const Options& options) {
    try {
        return read_inputs(options);
    } catch (const ErrorException& failure) {
        if (options.json)
            fmt::print("{}", unread_json(failure.error()));
        throw;
    }
}

int verify(const Options& options) {
    const Inputs inputs = read_inputs_or_say(options);
    const auto& [root, policy, document] = inputs;
    const TimePoint now = options.at ? parse_time(*options.at).value() : options.clock.make().now();
    const auto verified = nsm::verify_document(document, root, now, policy);
    if (verified) {
        fmt::print("{}", options.json ? verified_json(*verified, policy)
                                      : verified_text(*verified, policy));
        return exit_done;
    }
    const Error& refusal = verified.error();
    const auto claims = claims_of(document);
    if (options.json) {
        fmt::print("{}", refused_json(refusal, root, now, claims));
        return exit_failed;
    }
    fmt::print("{}", refused_text(refusal, root, now, claims));
    std::fflush(stdout);
    fmt::print(stderr, "glovebox: refused: {}{}\n", refusal.message,
               refusal.code == nsm::Refusal::untrusted_root && options.root == "aws"
                   ? "; a simulated module's document is verified with --root mock"
                   : "");
    return exit_failed;
}

}  // namespace

void add_verify_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("verify", "Verifies an attestation document");
    command
        ->add_option("DOC", options->document,
                     "The document: a file, or - for standard input; raw, base64 or hexadecimal")
        ->type_name("FILE")
        ->required();
    command
        ->add_option("--root", options->root,
                     "Whom to believe: aws, mock (this user's simulated modules), or a file with a "
                     "root certificate")
        ->type_name("ROOT")
        ->capture_default_str();
    command->add_option("--pcr", options->pcrs, "The value that a PCR has to have; may be repeated")
        ->type_name("N=HEX")
        ->allow_extra_args(false)
        ->check(checked_by(parse_expected_pcr));
    command
        ->add_option("--nonce", options->nonce,
                     "The nonce it has to have: hexadecimal, text:WORDS or @FILE")
        ->type_name("BYTES")
        ->check(check_bytes_argument);
    command->add_option("--user-data", options->user_data, "The user data it has to have")
        ->type_name("BYTES")
        ->check(check_bytes_argument);
    command->add_option("--public-key", options->public_key, "The public key it has to have")
        ->type_name("FILE");
    command->add_option("--max-age", options->max_age, "The oldest it may be: 5m, 1h30m")
        ->type_name("TIME")
        ->check(checked_by(parse_duration));
    command->add_flag("--no-debug", options->no_debug,
                      "Refuse documents of debug mode; one that has to have another PCR0, 1 or 2 "
                      "than zero is refused by that");
    command->add_flag(
        "--strict-fields", options->strict,
        "Refuse a public_key that is empty or above 1024 bytes, user_data and nonce above 512");
    CLI::Option* at =
        command
            ->add_option("--at", options->at,
                         "Verify as of this time: 2022-07-06T14:18:22Z or @1657117102 [now]")
            ->type_name("TIME")
            ->check(checked_by(parse_time));
    options->pki.add_to(*command);
    at->excludes(options->clock.add_to(*command));
    command->add_flag("--json", options->json, "Print JSON");
    command->footer(
        "The checks, in their order: syntax, fields, chain, signature, policy; the first that "
        "fails "
        "is the answer.\n"
        "Exit status: 0 verified; 1 refused, or the document, the root or another file could not "
        "be "
        "read; 2 wrong usage. --json tells the two apart: \"verified\" is false in both, with "
        "\"refusal\" where the document was refused and with \"error\" where nothing was "
        "verified.\n\n"
        "Examples:\n"
        "  glovebox verify document.bin --pcr 0=<96 hex> --nonce 0011\n"
        "  glovebox verify old.bin --at 2022-07-06T14:18:22Z\n"
        "  glovebox nsm attest | glovebox verify - --root mock --json");
    command->callback([options, &exit_status] { exit_status = verify(*options); });
}

}  // namespace glovebox::cli
