// glovebox nsm: asks a security module, the real one or a simulated one.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "nsm-mock/module/nsm_client.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/log_option.h"
#include "sim/cli/nsm_session.h"
#include "sim/cli/number_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {
namespace {

namespace json = boost::json;

struct Options {
    std::string device;
    std::string state;
    MockNsmOption mock;
    LogOption log;
    bool json = false;

    std::vector<std::uint16_t> indices;
    std::uint16_t index = 0;
    std::uint16_t range = 0;
    std::string data;
    std::optional<std::string> nonce;
    std::optional<std::string> user_data;
    std::optional<std::string> public_key;
    std::string output = "-";
    std::string format;
};

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

void print(const json::value& value) {
    fmt::print("{}\n", json::serialize(value));
}

void describe(const Options& options, NsmSession& session, nsm::NsmClient& client) {
    const auto answer = client.describe_nsm().value();
    const std::string version =
        fmt::format("{}.{}.{}", answer.version_major, answer.version_minor, answer.version_patch);
    if (options.json)
        return print({{"device", session.name()},
                      {"module_id", answer.module_id},
                      {"digest", answer.digest},
                      {"max_pcrs", answer.max_pcrs},
                      {"locked_pcrs", json::value_from(answer.locked_pcrs)},
                      {"version", version}});
    fmt::print("device   {}\nmodule   {}\ndigest   {}\nPCRs     {}, locked: {}\nversion  {}\n",
               session.name(), answer.module_id, answer.digest, answer.max_pcrs,
               ranges(answer.locked_pcrs), version);
}

void describe_pcrs(const Options& options, nsm::NsmClient& client) {
    std::vector<std::uint16_t> indices = options.indices;
    if (indices.empty())
        for (std::uint16_t index = 0; index < client.describe_nsm().value().max_pcrs; ++index)
            indices.push_back(index);
    json::array list;
    for (const std::uint16_t index : indices) {
        const auto pcr = client.describe_pcr(index).value();
        if (options.json)
            list.push_back({{"index", index}, {"data", to_hex(pcr.data)}, {"lock", pcr.lock}});
        else
            fmt::print("PCR{:<2} {} {}\n", index, to_hex(pcr.data), pcr.lock ? "locked" : "open");
    }
    if (options.json)
        print(list);
}

void extend(const Options& options, nsm::NsmClient& client) {
    const Bytes value =
        client.extend_pcr(options.index, read_bytes_argument(options.data).value()).value();
    if (options.json)
        return print({{"index", options.index}, {"data", to_hex(value)}});
    fmt::print("PCR{:<2} {}\n", options.index, to_hex(value));
}

// Bytes as --format has them; text with a newline, so that it can be read on a terminal.
void write_output(const Options& options, const Bytes& bytes, std::string_view default_format) {
    const std::string_view format = options.format.empty() ? default_format : options.format;
    if (format == "raw")
        return write_file(options.output, bytes).value();
    const std::string text = (format == "hex" ? to_hex(bytes) : to_base64(bytes)) + "\n";
    write_file(options.output, as_bytes(text)).value();
}

// One JSON object with the bytes under this name, in place of the bytes themselves.
void write_json(const Options& options, const char* name, const std::string& text) {
    if (options.format == "raw")
        throw CLI::ValidationError("--format", "raw bytes are no JSON: base64 or hex was expected");
    const std::string line = json::serialize(json::object{{name, text}}) + "\n";
    write_file(options.output, as_bytes(line)).value();
}

void lock(const Options& options, nsm::NsmClient& client) {
    if (options.range > 0)
        client.lock_pcrs(options.range).value();
    else
        client.lock_pcr(options.index).value();
    if (options.json)
        print({{"locked_pcrs", json::value_from(client.describe_nsm().value().locked_pcrs)}});
}

void get_random(const Options& options, nsm::NsmClient& client) {
    const Bytes random = client.get_random().value();
    if (options.json)
        return write_json(options, "random",
                          options.format == "base64" ? to_base64(random) : to_hex(random));
    write_output(options, random, "hex");
}

void attest(const Options& options, nsm::NsmClient& client) {
    nsm::request::Attestation fields;
    if (options.nonce)
        fields.nonce = read_bytes_argument(*options.nonce).value();
    if (options.user_data)
        fields.user_data = read_bytes_argument(*options.user_data).value();
    if (options.public_key)
        fields.public_key = read_file(*options.public_key, nsm::request_bytes_max).value();
    const Bytes document = client.attest(std::move(fields)).value();
    if (options.json)
        return write_json(options, "document",
                          options.format == "hex" ? to_hex(document) : to_base64(document));
    write_output(options, document, options.output == "-" ? "base64" : "raw");
}

// All that a request can carry: that there are 32 PCRs is the module's own answer.
auto pcr_index() {
    return number_between("a PCR's index", 0, std::numeric_limits<nsm::PcrIndex>::max());
}

CLI::Option* add_output(CLI::App& app, Options& options, const char* defaults) {
    app.add_option("-o,--output", options.output, "Where to, - for standard output")
        ->type_name("FILE")
        ->capture_default_str();
    return app.add_option("--format", options.format, defaults)
        ->type_name("FORM")
        ->check(CLI::IsMember({"raw", "base64", "hex"}));
}

}  // namespace

void add_nsm_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<Options>();
    CLI::App* nsm =
        app.add_subcommand("nsm", "Asks a Nitro Secure Module, the real one or a simulated one");
    nsm->require_subcommand(1);
    nsm->add_option("--device", options->device,
                    "mock, or the real device's path [/dev/nsm where it is, else mock]")
        ->type_name("DEVICE");
    nsm->add_option("--state", options->state,
                    "Keep a simulated module's identity and PCRs in this file, from one command to "
                    "the next")
        ->type_name("FILE");
    nsm->add_flag("--json", options->json,
                  "Print JSON, bytes in it as hexadecimal and a document as base64, unless "
                  "--format says otherwise");
    options->mock.add_to(*nsm);
    options->log.options.level = LogLevel::warning;
    options->log.add_to(*nsm);
    nsm->footer(
        "Examples:\n"
        "  glovebox nsm describe\n"
        "  glovebox nsm --state s.json extend 16 text:hello && glovebox nsm --state s.json pcr 16\n"
        "  glovebox nsm --program ./server attest --nonce 0011 -o document.bin\n"
        "  glovebox nsm --clock +4h attest | glovebox verify - --root mock");

    using Ask = std::function<void(NsmSession&, nsm::NsmClient&)>;
    const auto add = [nsm, options, &exit_status](const char* name, const char* what, Ask ask) {
        CLI::App* command = nsm->add_subcommand(name, what);
        command->fallthrough();
        command->callback([options, &exit_status, ask = std::move(ask)] {
            const auto log = options->log.make("nsm");
            const auto session =
                open_nsm_session(options->device, options->state, options->mock, *log).value();
            nsm::NsmClient client(session->device());
            ask(*session, client);
            session->save().value();
            exit_status = exit_done;
        });
        return command;
    };

    add("describe", "What the module is: its id, its locked PCRs",
        [options](NsmSession& session, nsm::NsmClient& client) {
            describe(*options, session, client);
        });
    add("pcr", "PCRs and their locks",
        [options](NsmSession&, nsm::NsmClient& client) { describe_pcrs(*options, client); })
        ->add_option("INDEX", options->indices, "Which ones [all]")
        ->check(pcr_index());

    CLI::App* extending =
        add("extend", "Extends a PCR: SHA384(old value, data)",
            [options](NsmSession&, nsm::NsmClient& client) { extend(*options, client); });
    extending->add_option("INDEX", options->index, "16 to 31")->required()->check(pcr_index());
    extending->add_option("DATA", options->data, bytes_help)
        ->required()
        ->check(check_bytes_argument);

    CLI::App* locking =
        add("lock", "Locks a PCR, or with --range all below a number",
            [options](NsmSession&, nsm::NsmClient& client) { lock(*options, client); });
    CLI::Option* lock_index =
        locking->add_option("INDEX", options->index, "16 to 31")->check(pcr_index());
    locking->add_option("--range", options->range, "Locks PCR0 to PCR(N-1)")
        ->type_name("N")
        ->check(number_between("a number of PCRs", 1, 65535))
        ->excludes(lock_index);
    locking->require_option(1);

    CLI::App* random =
        add("random", "256 random bytes of the module",
            [options](NsmSession&, nsm::NsmClient& client) { get_random(*options, client); });
    add_output(*random, *options, "raw, base64 or hex [hex]");

    CLI::App* attesting =
        add("attest", "An attestation document",
            [options](NsmSession&, nsm::NsmClient& client) { attest(*options, client); });
    attesting->add_option("--nonce", options->nonce, bytes_help)
        ->type_name("BYTES")
        ->check(check_bytes_argument);
    attesting->add_option("--user-data", options->user_data, bytes_help)
        ->type_name("BYTES")
        ->check(check_bytes_argument);
    attesting->add_option("--public-key", options->public_key, "A file's content as it is")
        ->type_name("FILE");
    add_output(*attesting, *options,
               "raw, base64 or hex [base64 to standard output, raw to a file]");
}

}  // namespace glovebox::cli
