// SPDX-License-Identifier: Apache-2.0

// glovebox verify: is this attestation document genuine, and is it what was expected?

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <iostream>
#include <optional>

#include "core/base/printable.h"
#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/document/text_form.h"
#include "nsm-mock/document/verification_report.h"
#include "nsm-mock/document/verify_document.h"
#include "nsm-mock/pki/named_root.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/pki_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/command_line/color_option.h"
#include "sim/command_line/standard_streams.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view verify_json_shapes =
    R"(verified  {"verified": true, "root", "verified_at", "document", "chain", "checks",
           "warnings"}
refused   {"verified": false, "refusal", "check", "message", "root", "verified_at", "checks",
           "unverified_claims"}
not read  {"verified": false, "error"}

root      {"name", "subject", "sha256"}
document  {"module_id", "digest", "timestamp", "timestamp_ms", "debug", "measured",
           "pcrs": {"0": HEX...}, "public_key", "user_data", "nonce": HEX or null}
chain     [{"subject", "not_before", "not_after", "sha256"}...]
checks    {"syntax", "fields", "chain", "signature", "policy"})";

// Base64 of the largest document, and some lines' ends.
constexpr std::size_t document_file_bytes_max = 64 * 1024;

Result<std::pair<nsm::PcrIndex, Pcr>> parse_expected_pcr(std::string_view text) {
    const std::size_t equals = text.find('=');
    nsm::PcrIndex index = 0;
    const std::string_view number = text.substr(0, std::min(equals, text.size()));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (equals == std::string_view::npos || error != std::errc() ||
        end != number.data() + number.size() || index >= nsm::pcr_count)
        return invalid_input(
            fmt::format("\"{}\": N=HEX was expected, N from 0 to {} and 96 hexadecimal "
                        "digits",
                        text, nsm::pcr_count - 1));
    const auto value = parse_pcr(text.substr(equals + 1));
    if (!value)
        return Error(value.error()).in(fmt::format("PCR{}", index));
    return std::pair(index, *value);
}

std::string pcr_key(const std::string& text) {
    const auto parsed = parse_expected_pcr(text);
    return parsed ? fmt::format("PCR{}", parsed->first) : text;
}

Result<nsm::TrustRoot> find_root(const Values& values) {
    return nsm::named_root(values.text("--root"), [&]() -> Result<nsm::Certificate> {
        const auto directory = PkiOption::of(values).directory();
        if (!directory)
            return directory.error();
        return nsm::read_pki_root(*directory);
    });
}

nsm::Policy make_policy(const Values& values) {
    nsm::Policy policy;
    policy.refuse_debug = values.flag("--no-debug");
    for (const std::string& text : values.list("--pcr")) {
        const auto [index, pcr] = parse_expected_pcr(text).value();
        if (policy.refuse_debug && index <= 2 && is_zero(pcr))
            throw UsageError(
                fmt::format("--no-debug contradicts --pcr {}: only debug mode has a PCR{} of zeros",
                            text, index));
        policy.pcrs.emplace(index, pcr);
    }
    if (const auto nonce = values.find_text("--nonce"))
        policy.nonce = command_line::read_bytes_argument(*nonce).value();
    if (const auto user_data = values.find_text("--user-data"))
        policy.user_data = command_line::read_bytes_argument(*user_data).value();
    if (const auto public_key = values.find_text("--public-key"))
        policy.public_key = command_line::read_file(*public_key, nsm::payload_bytes_max).value();
    if (values.has("--max-age"))
        policy.max_age = values.duration("--max-age");
    if (values.flag("--strict-fields"))
        policy.limits = nsm::FieldLimits::strict;
    return policy;
}

constexpr std::string_view document_alone =
    "It has lines of different lengths: remove those that a program wrote around the document";

// The remedy for a refusal; may be empty.
std::string_view advice_on(const Error& refusal, bool has_other_lines, const std::string& root) {
    if (refusal.code == nsm::DocumentError::untrusted_root && root == "aws")
        return "A simulated module's document is verified with --root mock";
    const auto code = static_cast<nsm::DocumentError>(refusal.code.value());
    return has_other_lines && nsm::check_of(code) == nsm::Check::syntax ? document_alone : "";
}

// What a verification needs: all that may not be readable.
struct Inputs {
    nsm::TrustRoot root;
    nsm::Policy policy;
    Bytes document;
    bool has_other_lines = false;
};

Inputs read_inputs(const Values& values) {
    nsm::TrustRoot root = find_root(values).value();
    nsm::Policy policy = make_policy(values);
    const std::string file = values.text("DOC");
    const Bytes content = command_line::read_file(file, document_file_bytes_max).value();
    auto document = nsm::decode_text_form(content);
    const bool has_other_lines = nsm::has_other_lines(content);
    if (!document)
        throw ErrorException(document.error()
                                 .with_advice(has_other_lines ? std::string(document_alone) : "")
                                 .in(file));
    return {std::move(root), std::move(policy), std::move(*document), has_other_lines};
}

// With --json, a separate form tells a script that nothing was verified or refused.
Inputs read_inputs_or_say(const Values& values) {
    try {
        return read_inputs(values);
    } catch (const ErrorException& failure) {
        if (values.flag("--json"))
            std::cout << nsm::unread_json(failure.error());
        throw;
    }
}

// The first word is the verdict.
void print_report(const Values& values, Style style, std::string_view report) {
    const std::size_t end = report.find(' ');
    const Colors colors = command_line::read_colors(values, STDOUT_FILENO);
    std::cout << command_line::Painted{colors, style, report.substr(0, end)} << report.substr(end);
}

int verify(const Values& values) {
    const Inputs inputs = read_inputs_or_say(values);
    const auto& [root, policy, document, has_other_lines] = inputs;
    const auto at = values.find_text("--at");
    const TimePoint now = at ? parse_time(*at).value() : ClockOption::of(values).make().now();
    const auto verified = nsm::verify_document(document, root, now, policy);
    if (verified) {
        if (values.flag("--json"))
            std::cout << nsm::verified_json(*verified, policy);
        else
            print_report(values, Style::good, nsm::verified_text(*verified, policy));
        return exit_done;
    }
    const Error& refusal = verified.error();
    const auto claims = nsm::unverified_claims(document);
    if (values.flag("--json")) {
        std::cout << nsm::refused_json(refusal, root, now, claims);
        return exit_failed;
    }
    print_report(values, Style::bad, nsm::refused_text(refusal, root, now, claims));
    std::cout << std::flush;
    const Error advised =
        Error(refusal).with_advice(advice_on(refusal, has_other_lines, values.text("--root")));
    std::cerr << fmt::format("glovebox: refused: {}\n", printable(advised.message));
    return exit_failed;
}

}  // namespace

Command verify_command() {
    Option clock = ClockOption::option();
    clock.excludes = {"--at"};
    return {
        .name = "verify",
        .summary = "Verify an attestation document",
        .description = {"Checks syntax, fields, chain, signature and policy, in this order; the "
                        "first check that fails is reported. Without --pcr and --nonce a "
                        "verification proves only that some enclave exists."},
        .options =
            {{.name = "--root",
              .placeholder = "ROOT",
              .summary = "The root to trust: aws, mock (this user's simulated modules), or a file "
                         "with a root certificate",
              .default_value = "aws"},
             {.name = "--pcr",
              .placeholder = "N=HEX",
              .check = problem_by<parse_expected_pcr>,
              .repeat = Repeat::map,
              .key_of = pcr_key,
              .summary = "The value that a PCR must have"},
             {.name = "--nonce",
              .placeholder = "BYTES",
              .check = command_line::check_bytes_argument,
              .summary = "The nonce that the document must have: hexadecimal, text:WORDS or @FILE"},
             {.name = "--user-data",
              .placeholder = "BYTES",
              .check = command_line::check_bytes_argument,
              .summary = "The user data that the document must have"},
             {.name = "--public-key",
              .kind = Kind::file,
              .placeholder = "FILE",
              .summary = "A file with the public key that the document must have"},
             {.name = "--max-age",
              .kind = Kind::duration,
              .placeholder = "TIME",
              .summary = "Refuse a document that is older: 5m, 1h30m"},
             {.name = "--no-debug",
              .kind = Kind::flag,
              .summary = "Refuse documents of debug mode, and any in which PCR0, 1 or 2 is zero or "
                         "absent"},
             {.name = "--strict-fields",
              .kind = Kind::flag,
              .summary = "Refuse a public_key that is empty or above 1024 bytes, and a user_data "
                         "or nonce above 512"},
             {.name = "--at",
              .placeholder = "TIME",
              .check = problem_by<parse_time>,
              .summary = "Verify as of this time: 2022-07-06T14:18:22Z or @1657117102",
              .default_note = "now"},
             PkiOption::option(),
             clock,
             json_option("Print a JSON object, whose \"verified\" is true or false"),
             command_line::color_option()},
        .positionals = {{.name = "DOC",
                         .kind = Kind::file,
                         .is_required = true,
                         .summary = "The document: a file, or - for standard input; raw, base64 or "
                                    "hexadecimal"}},
        .examples = {{"Verify that a document is this enclave's and answers this nonce",
                      "glovebox verify document.bin --pcr 0=$PCR0 --nonce 0011"},
                     {"Verify an old document as of the time when it was made",
                      "glovebox verify old.bin --at 2022-07-06T14:18:22Z"},
                     {"Verify the document of a simulated module, for a script",
                      "glovebox nsm attest | glovebox verify - --root mock --json"}},
        .sections = {{"JSON", verify_json_shapes, true}},
        .exit_codes = {{"0", "the document is verified"},
                       {"1",
                        "the document was refused, or a file could not be read. With --json, "
                        "\"verified\" is false in both cases; \"refusal\" says that the document "
                        "was refused, \"error\" that nothing was verified"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-nsm(1)", "glovebox-pki(1)"},
        .run = verify};
}

}  // namespace glovebox::cli
