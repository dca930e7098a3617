// SPDX-License-Identifier: Apache-2.0

// glovebox nsm: asks a security module, the real one or a simulated one.

#include <fmt/core.h>

#include <boost/json.hpp>
#include <filesystem>
#include <iostream>
#include <limits>

#include "core/base/base64.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "nsm-mock/module/nsm_client.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/mock_nsm_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/enclave/nsm_session.h"
#include "sim/enclave/search_path.h"

namespace glovebox::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view nsm_json_shapes =
    R"(describe  {"device", "module_id", "digest", "max_pcrs", "locked_pcrs": [INDEX...], "version"}
pcr       [{"index", "data": HEX, "lock": true or false}...]
extend    {"index", "data": HEX}
lock      {"locked_pcrs": [INDEX...]}
random    {"random": HEX}
attest    {"document": BASE64})";

// "0-15, 20": indices as ranges.
std::string ranges(const std::vector<nsm::PcrIndex>& indices) {
    std::string text;
    for (std::size_t i = 0; i < indices.size();) {
        std::size_t last = i;
        while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1)
            ++last;
        text += fmt::format("{}{}", text.empty() ? "" : ", ", indices[i]);
        if (last > i)
            text += fmt::format("-{}", indices[last]);
        i = last + 1;
    }
    return text.empty() ? "none" : text;
}

void describe_module(const Values& values, enclave::NsmSession& session, nsm::NsmClient& client) {
    const auto answer = client.describe_nsm().value();
    const std::string version =
        fmt::format("{}.{}.{}", answer.version_major, answer.version_minor, answer.version_patch);
    if (values.flag("--json"))
        return print_json_document({{"device", session.name()},
                                    {"module_id", answer.module_id},
                                    {"digest", answer.digest},
                                    {"max_pcrs", answer.max_pcrs},
                                    {"locked_pcrs", json::value_from(answer.locked_pcrs)},
                                    {"version", version}});
    std::cout << fmt::format(
        "device   {}\nmodule   {}\ndigest   {}\nPCRs     {}, locked: {}\nversion  {}\n",
        printable(session.name()), printable(answer.module_id), printable(answer.digest),
        answer.max_pcrs, ranges(answer.locked_pcrs), version);
}

void describe_pcrs(const Values& values, enclave::NsmSession&, nsm::NsmClient& client) {
    auto indices = values.numbers<std::uint16_t>("INDEX");
    if (indices.empty())
        for (std::uint16_t index = 0; index < client.describe_nsm().value().max_pcrs; ++index)
            indices.push_back(index);
    json::array list;
    for (const std::uint16_t index : indices) {
        const auto pcr = client.describe_pcr(index).value();
        if (values.flag("--json"))
            list.push_back({{"index", index}, {"data", to_hex(pcr.data)}, {"lock", pcr.lock}});
        else if (values.flag("--value"))
            std::cout << to_hex(pcr.data) << '\n';
        else
            std::cout << fmt::format("PCR{:<2} {} {}\n", index, to_hex(pcr.data),
                                     pcr.lock ? "locked" : "open");
    }
    if (values.flag("--json"))
        print_json_document(list);
}

void extend(const Values& values, enclave::NsmSession&, nsm::NsmClient& client) {
    const auto index = values.number<std::uint16_t>("INDEX");
    const Bytes value =
        client.extend_pcr(index, command_line::read_bytes_argument(values.text("DATA")).value())
            .value();
    if (values.flag("--json"))
        return print_json_document({{"index", index}, {"data", to_hex(value)}});
    std::cout << fmt::format("PCR{:<2} {}\n", index, to_hex(value));
}

// Bytes as --format has them; text with a newline, so that it can be read on a terminal.
void write_output(const Values& values, const Bytes& bytes, std::string_view default_format) {
    const std::string format = values.find_text("--format").value_or(std::string(default_format));
    const std::string output = values.text("--output");
    if (format == "raw")
        return command_line::write_file(output, bytes).value();
    const std::string text = (format == "hex" ? to_hex(bytes) : to_base64(bytes)) + "\n";
    command_line::write_file(output, as_bytes(text)).value();
}

// One JSON object with the bytes under this name, in place of the bytes themselves.
void write_json(const Values& values, const char* name, const std::string& text) {
    if (values.text("--format") == "raw")
        throw UsageError("--format: raw bytes are not JSON: base64 or hex was expected");
    const std::string document = json_document({{name, text}});
    command_line::write_file(values.text("--output"), as_bytes(document)).value();
}

void lock(const Values& values, enclave::NsmSession&, nsm::NsmClient& client) {
    if (const auto range = values.find_number<std::uint16_t>("--range"))
        client.lock_pcrs(*range).value();
    else
        client.lock_pcr(values.number<std::uint16_t>("INDEX")).value();
    if (values.flag("--json"))
        print_json_document(
            {{"locked_pcrs", json::value_from(client.describe_nsm().value().locked_pcrs)}});
}

void get_random(const Values& values, enclave::NsmSession&, nsm::NsmClient& client) {
    const Bytes random = client.get_random().value();
    if (values.flag("--json"))
        return write_json(values, "random",
                          values.text("--format") == "base64" ? to_base64(random) : to_hex(random));
    write_output(values, random, "hex");
}

void attest(const Values& values, enclave::NsmSession&, nsm::NsmClient& client) {
    nsm::request::Attestation fields;
    if (const auto nonce = values.find_text("--nonce"))
        fields.nonce = command_line::read_bytes_argument(*nonce).value();
    if (const auto user_data = values.find_text("--user-data"))
        fields.user_data = command_line::read_bytes_argument(*user_data).value();
    if (const auto public_key = values.find_text("--public-key"))
        fields.public_key = command_line::read_file(*public_key, nsm::request_bytes_max).value();
    const Bytes document = client.attest(std::move(fields)).value();
    if (values.flag("--json"))
        return write_json(
            values, "document",
            values.text("--format") == "hex" ? to_hex(document) : to_base64(document));
    write_output(values, document, values.text("--output") == "-" ? "base64" : "raw");
}

// Asks the module that the options choose.
template <void (*question)(const Values&, enclave::NsmSession&, nsm::NsmClient&)>
int ask(const Values& values) {
    const auto log = make_log(values, "nsm");
    const enclave::ModuleSettings settings = read_module_settings(values);
    std::error_code unseen;
    if (!settings.program.empty() && settings.script.empty() && settings.script_folder.empty() &&
        std::filesystem::is_regular_file(settings.program, unseen) &&
        !enclave::is_executable(settings.program))
        log->warning(
            "not_executable",
            "{0} is not executable, so no enclave starts it by itself: a script's measurement "
            "takes --program INTERPRETER --script {0}",
            settings.program);
    const auto session =
        enclave::open_nsm_session(values.text("--device"), values.text("--state"), settings, *log)
            .value();
    nsm::NsmClient client(session->device());
    question(values, *session, client);
    session->save().value();
    return exit_done;
}

// All that a request can carry: that there are 32 PCRs is the module's own answer.
Option pcr_index(std::string_view summary) {
    return {.name = "INDEX",
            .kind = Kind::number,
            .noun = "a PCR's index",
            .least = 0,
            .most = std::numeric_limits<nsm::PcrIndex>::max(),
            .summary = summary};
}

Option bytes_option(std::string_view name, std::string_view summary) {
    return {.name = name,
            .placeholder = "BYTES",
            .check = command_line::check_bytes_argument,
            .summary = summary};
}

Options output_options(std::string_view default_format) {
    return {{.name = "--output",
             .letter = 'o',
             .kind = Kind::file,
             .placeholder = "FILE",
             .summary = "The file to write, - for standard output",
             .default_value = "-"},
            {.name = "--format",
             .kind = Kind::choice,
             .placeholder = "FORM",
             .noun = "a format",
             .choices = {"raw", "base64", "hex"},
             .summary = "The form of the bytes",
             .default_note = default_format}};
}

Command describe_module_command() {
    return {.name = "describe",
            .summary = "Show the module's id and its locked PCRs",
            .examples = {{"Describe the module", "glovebox nsm describe"}},
            .run = ask<describe_module>};
}

Command pcr_command() {
    Option index = pcr_index("The PCRs to show");
    index.repeat = Repeat::list;
    index.default_note = "all";
    return {
        .name = "pcr",
        .summary = "Show PCRs and their locks",
        .options = {{.name = "--value",
                     .kind = Kind::flag,
                     .excludes = {"--json"},
                     .summary = "Print the values alone, a line each, for a script"}},
        .positionals = {index},
        .examples = {{"Show two PCRs", "glovebox nsm pcr 0 8"},
                     {"The PCR0 that `glovebox run -- python3 server.py` will have",
                      "PCR0=$(glovebox nsm --program python3 --script server.py pcr --value 0)"}},
        .run = ask<describe_pcrs>};
}

Command extend_command() {
    Option index = pcr_index("The PCR, 16 to 31");
    index.is_required = true;
    Option data = bytes_option("DATA", "The data: hexadecimal, text:WORDS or @FILE");
    data.is_required = true;
    return {.name = "extend",
            .summary = "Extend a PCR: SHA384(old value, data)",
            .positionals = {index, data},
            .examples = {{"Extend a PCR and read it, in a module that a file keeps",
                          "glovebox nsm --state s.json extend 16 text:hello\n"
                          "glovebox nsm --state s.json pcr 16"}},
            .run = ask<extend>};
}

Command lock_command() {
    return {.name = "lock",
            .summary = "Lock a PCR, or all below a number",
            .options = {{.name = "--range",
                         .kind = Kind::number,
                         .placeholder = "N",
                         .noun = "a number of PCRs",
                         .least = 1,
                         .most = 65535,
                         .excludes = {"INDEX"},
                         .summary = "Lock PCR0 to PCR(N-1)"}},
            .positionals = {pcr_index("The PCR, 16 to 31")},
            .requirements = {{{"INDEX", "--range"}}},
            .examples = {{"Lock a PCR", "glovebox nsm --state s.json lock 16"}},
            .run = ask<lock>};
}

Command random_command() {
    return {.name = "random",
            .summary = "Get 256 random bytes from the module",
            .options = output_options("hex"),
            .examples = {{"Write random bytes to a file",
                          "glovebox nsm random --format raw -o random.bin"}},
            .run = ask<get_random>};
}

Command attest_command() {
    return {.name = "attest",
            .summary = "Get an attestation document",
            .options = command_line::joined(
                {{bytes_option("--nonce", "The document's nonce: hexadecimal, text:WORDS or @FILE"),
                  bytes_option("--user-data", "The document's user data"),
                  {.name = "--public-key",
                   .kind = Kind::file,
                   .placeholder = "FILE",
                   .summary = "A file whose content is the document's public key"}},
                 output_options("base64 to standard output, raw to a file")}),
            .examples = {{"Get a document that measures a program",
                          "glovebox nsm --program ./server attest --nonce 0011 -o document.bin"},
                         {"See a document refused because its module's clock is ahead",
                          "glovebox nsm --clock +4h attest | glovebox verify - --root mock"}},
            .see_also = {"glovebox-verify(1)"},
            .run = ask<attest>};
}

}  // namespace

Command nsm_command() {
    return {.name = "nsm",
            .summary = "Ask a Nitro Secure Module, the real one or a simulated one",
            .options = command_line::joined(
                {{{.name = "--device",
                   .kind = Kind::file,
                   .placeholder = "DEVICE",
                   .summary = "mock, or the real device's path",
                   .default_note = "/dev/nsm if it exists, else mock"},
                  {.name = "--state",
                   .kind = Kind::file,
                   .placeholder = "FILE",
                   .summary = "Keep a simulated module's identity and PCRs in this file, from one "
                              "command to the next"},
                  json_option("Print JSON: bytes as hexadecimal and a document as base64, unless "
                              "--format says otherwise")},
                 module_options(),
                 log_options("warning")}),
            .examples = {{"Describe the module", "glovebox nsm describe"},
                         {"Get a document that measures a program",
                          "glovebox nsm --program ./server attest --nonce 0011 -o document.bin"}},
            .sections = {{"JSON", nsm_json_shapes, true}},
            .see_also = {"glovebox-pki(1)", "glovebox-run(1)", "glovebox-verify(1)"},
            .subcommands = {describe_module_command(), pcr_command(), extend_command(),
                            lock_command(), random_command(), attest_command()}};
}

}  // namespace glovebox::cli
