// SPDX-License-Identifier: Apache-2.0

// glovebox inspect: a page on this machine about a world, a record, a document or images.

#include <fcntl.h>
#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/base/printable.h"
#include "core/base/random_source.h"
#include "core/service/process_setup.h"
#include "nsm-mock/document/text_form.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/record_argument.h"
#include "sim/cli/world_of_up.h"
#include "sim/cli/world_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/http/server.h"
#include "sim/http/serving.h"
#include "sim/inspect/chrome_trace.h"
#include "sim/inspect/export_page.h"
#include "sim/inspect/inspector.h"
#include "sim/inspect/subject.h"
#include "sim/up/last_run.h"

namespace glovebox::cli {
namespace {

constexpr std::size_t document_bytes_max = 64 * 1024;
constexpr std::string_view image_magic = ".eif";
// Base64 of a document is what a page sends.
constexpr std::size_t body_bytes_max = document_bytes_max;

// What the arguments name.
struct Inspected {
    std::unique_ptr<inspect::Subject> subject;
    std::vector<std::string> images;
    std::string document;
};

// Its first bytes, without white space before them; the error of a file that can't be read comes
// when it is read whole.
std::string head_of(const std::string& file) {
    std::ifstream content(file, std::ios::binary);
    content >> std::ws;
    std::string head(image_magic.size(), '\0');
    content.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(content.gcount()));
    return head;
}

// Whether it begins as COSE_Sign1 does: an array of four, with the tag 18 or without. What is wrong
// in it is the page's to show.
bool is_document(const std::string& content) {
    constexpr std::uint8_t array_of_four = 0x84;
    constexpr std::uint8_t tag_18 = 0xd2;
    const auto document = nsm::decode_text_form(as_bytes(content));
    return document && !document->empty() &&
           (document->front() == array_of_four || document->front() == tag_18);
}

std::string read_document(const std::string& file) {
    std::string content(as_text(command_line::read_file(file, document_bytes_max).value()));
    if (!is_document(content))
        throw ErrorException(invalid_input(
            printable(file) +
            " is not a record of `glovebox up --record`, an attestation document or an image"));
    return content;
}

// A world that runs, or the last run.
std::unique_ptr<inspect::Subject> find_subject(const Values& values) {
    const WorldOption option = WorldOption::of(values);
    if (const auto world = world_of_up(option))
        return inspect::running_world(*world).value();
    if (!option.world.empty() && !std::filesystem::exists(option.path()))
        throw ErrorException(invalid_input(
            fmt::format("the world {} does not exist: `glovebox up --world NAME` makes one",
                        printable(option.path()))));
    const auto last = up::last_record();
    if (option.world.empty() && last && std::filesystem::exists(*last))
        return inspect::ended_run(read_record(*last));
    throw ErrorException(
        invalid_input(fmt::format("the world {} has no events: start it by `glovebox up`, or name "
                                  "a record of `glovebox up --record`",
                                  option.path())));
}

Inspected find_inspected(const Values& values) {
    Inspected found;
    for (const std::string& file : values.list("FILE")) {
        const std::string head = head_of(file);
        if (head == image_magic) {
            found.images.push_back(file);
        } else if (head.starts_with('{')) {
            if (found.subject)
                throw UsageError(
                    "only one record can be inspected at a time; `glovebox compare` "
                    "compares two");
            found.subject = inspect::ended_run(read_record(file));
        } else {
            if (!found.document.empty())
                throw UsageError(
                    "only one attestation document can be shown at first; drop others "
                    "on the page");
            found.document = read_document(file);
        }
    }
    if (!found.subject)
        found.subject = values.list("FILE").empty() ? find_subject(values) : inspect::no_world();
    return found;
}

std::string make_token() {
    constexpr std::size_t token_bytes = 16;
    Bytes token(token_bytes);
    SystemRandom().fill(token);
    return to_hex(token);
}

// Images are read whole, and a decision is sought in the KMS's trace.
bool takes_long(const http::Request& request) {
    const std::string_view path = request.path();
    return path.ends_with("/image") || path.ends_with("/decision");
}

// Ends the service once the world has ended and no page is still to get its last events.
void stop_after(const inspect::Subject& subject, const inspect::Inspector& inspector,
                boost::asio::steady_timer& look, boost::asio::io_context& context) {
    constexpr auto interval = std::chrono::milliseconds(100);
    look.expires_after(interval);
    look.async_wait([&](const boost::system::error_code& failure) {
        if (failure)
            return;
        if (subject.has_ended() && inspector.followers() == 0)
            context.stop();
        else
            stop_after(subject, inspector, look, context);
    });
}

int inspect_world(const Values& values) {
    Inspected inspected = find_inspected(values);
    const auto html = values.find_text("--html");
    if (html) {
        inspect::ExportPage page(*inspected.subject);
        command_line::write_file(*html, [&] { return page.next(); }).value();
    }
    const auto trace = values.find_text("--chrome-trace");
    if (trace)
        command_line::write_file(*trace, as_bytes(inspect::chrome_trace(*inspected.subject)))
            .value();
    if (html || trace)
        return exit_done;
    const auto log = make_log(values, "inspect");
    core::ignore_write_signals();
    const SystemClock clock;
    inspect::InspectorOptions options;
    options.token = make_token();
    options.images = std::move(inspected.images);
    options.document = std::move(inspected.document);
    options.mock_root = [pki = PkiOption::of(values)]() -> Result<nsm::TrustRoot> {
        const auto directory = pki.directory();
        if (!directory)
            return directory.error();
        auto root = nsm::read_pki_root(*directory);
        if (!root)
            return root.error();
        return nsm::TrustRoot("mock", std::move(*root));
    };
    const std::string token = options.token;
    inspect::Inspector inspector(*inspected.subject, clock, std::move(options));
    http::Connections connections({}, *log);
    boost::asio::thread_pool long_work(1);
    boost::asio::io_context context(1);
    http::ServerOptions listener;
    listener.body_bytes_max = body_bytes_max;
    // A page that takes no events for so long loses its connection, and its place to another one.
    listener.idle_timeout = std::chrono::seconds(15);
    listener.address = http::parse_address(values.text("--listen")).value();
    listener.takes_long = takes_long;
    listener.long_work = long_work.get_executor();
    const auto server = http::Server::start(
                            context.get_executor(), listener,
                            [&](const http::Request& request) { return inspector.answer(request); },
                            connections, *log)
                            .value();
    const std::string address = http::to_string(server->local());
    inspector.is_at(address);
    http::Serving serving(context, *log);
    log->info("ready", "inspect at {}",
              field("http", fmt::format("http://{}/{}/", address, token)));
    boost::asio::steady_timer look(context);
    if (values.flag("--ends-with-world"))
        stop_after(*inspected.subject, inspector, look, context);
    serving.run(1);
    server->close();
    long_work.join();
    return exit_done;
}

std::string check_listen(const std::string& text) {
    const auto address = http::parse_address(text);
    if (!address)
        return address.error().message;
    return address->is_loopback() ? std::string()
                                  : fmt::format(
                                        "{} can be reached from other machines; the page "
                                        "is served on a loopback address alone, as "
                                        "127.0.0.1:0",
                                        text);
}

}  // namespace

Command inspect_command() {
    return {
        .name = "inspect",
        .summary = "Show a world, its record, an attestation document or images on a page",
        .description =
            {"Serves one page on this machine, and prints its address: the timeline of a world "
             "with every connection, request and console, why the KMS refused a request and what "
             "would allow it, the fields and checks of an attestation document, and the contents "
             "of images. `glovebox up --inspect` starts it with the world.",
             "Without FILE it is the world that runs, or the record of the last run of "
             "`glovebox up`. The address has a token: whoever has it can see the world and set "
             "faults in it."},
        .options = command_line::joined(
            {{WorldOption::option(),
              {.name = "--listen",
               .placeholder = "IP:PORT",
               .check = check_listen,
               .summary = "The loopback address to listen on",
               .default_value = "127.0.0.1:0"},
              {.name = "--html",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "Write the page with all its events into one file, and exit"},
              {.name = "--chrome-trace",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "Write the events as a trace for Perfetto or chrome://tracing, and exit"},
              {.name = "--ends-with-world",
               .kind = Kind::flag,
               .summary = "End once the world has ended and all open pages have shown it"},
              PkiOption::option()},
             log_options()}),
        .positionals = {{.name = "FILE",
                         .kind = Kind::file,
                         .repeat = Repeat::list,
                         .summary = "A record of `glovebox up --record`, an attestation document, "
                                    "or images"}},
        .examples = {{"Inspect the world that runs, or the last one", "glovebox inspect"},
                     {"Look into an attestation document", "glovebox inspect document.bin"},
                     {"Keep a run as one HTML file", "glovebox inspect --html run.html run.json"}},
        .see_also = {"glovebox-up(1)", "glovebox-compare(1)", "glovebox-kms-explain(1)"},
        .run = inspect_world};
}

}  // namespace glovebox::cli
