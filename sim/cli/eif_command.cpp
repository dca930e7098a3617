// SPDX-License-Identifier: Apache-2.0

// glovebox eif build|sign|describe|extract|diff: enclave images (EIF) without Docker, root or AWS.
// JSON and listings go to stdout, remarks and errors to stderr.

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iostream>
#include <limits>
#include <optional>

#include "core/base/clock.h"
#include "core/base/printable.h"
#include "core/base/reported_work.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/build/source_date.h"
#include "sim/eif/format/image_file.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/report/diff.h"
#include "sim/eif/unpack/extract.h"
#include "sim/nitro_cli/boot_check.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view eif_json_shapes =
    R"(build, sign  {"Measurements": {"HashAlgorithm", "PCR0", "PCR1", "PCR2", "PCR8"}}
describe     what nitro-cli describe-eif prints
extract      {"directory", "files": [NAME...]}
diff         {"same_bytes", "same_measurements", "differences": [LINE...],
              "pcrs": {"PCR0": [FIRST, SECOND]...}}; those that differ; null: the image lacks it)";

void print_measurements(const eif::Measurements& pcrs) {
    boost::json::object object;
    object["Measurements"] = eif::measurements_json(pcrs);
    std::cout << eif::pretty_json(object) << '\n';
}

// One line a remark; names in it come from foreign images.
void print_remark(std::string_view kind, std::string_view text) {
    std::cerr << "glovebox: " << kind << ": " << printable(text) << '\n';
}

Option max_size_option() {
    return {.name = "--max-size",
            .kind = Kind::number,
            .placeholder = "GIB",
            .noun = "a number of GiB",
            .least = 1,
            .most = std::uint64_t{1} << 20,
            .summary = "Refuse an image whose files have more than this in total, in GiB",
            .default_value = "8"};
}

Option image_argument() {
    return {.name = "IMAGE", .kind = Kind::file, .is_required = true, .summary = "The image"};
}

std::uint64_t content_max(const Values& values) {
    return values.number("--max-size") << 30;
}

// --- build ---

eif::BuildOptions build_options(const Values& values) {
    const auto find_path =
        [&values](std::string_view name) -> std::optional<std::filesystem::path> {
        return values.find_text(name);
    };
    eif::BuildOptions options;
    options.kernel = values.text("--kernel");
    options.init = values.text("--init");
    options.nsm_ko = find_path("--nsm-ko");
    options.cmdline = values.find_text("--cmdline");
    options.rootfs = find_path("--rootfs");
    options.image = find_path("--image");
    if (const auto command = values.find_text("--cmd"))
        options.command = eif::parse_command(*command).value();
    options.environment = values.list("--env");
    options.name = values.find_text("--name");
    options.version = values.find_text("--version");
    options.metadata = find_path("--metadata");
    if (const auto architecture = values.find_text("--arch"))
        options.architecture =
            *architecture == "aarch64" ? eif::Architecture::aarch64 : eif::Architecture::x86_64;
    options.private_key = values.find_text("--private-key");
    options.signing_certificate = find_path("--signing-certificate");
    options.keep_times = values.text("--mtime") == "keep";
    options.keep_owners = values.flag("--keep-owners");
    options.source_date = eif::source_date().value();
    options.tool_version = GLOVEBOX_VERSION;
    options.limits.content_max = content_max(values);
    options.output = values.text("--output");
    return options;
}

int build(const Values& values) {
    const eif::BuildResult result =
        eif::build_image(build_options(values), ReportedWork(values.text("--output")).progress())
            .value();
    for (const std::string& warning : result.warnings)
        print_remark("warning", warning);
    constexpr std::uint64_t mib = 1 << 20;
    print_remark("built",
                 fmt::format("{}, {} bytes; run-enclave will want --memory {} or more",
                             values.text("--output"), result.size,
                             std::max<std::uint64_t>(64, 4 * ((result.size + mib - 1) / mib))));
    print_measurements(result.pcrs);
    return exit_done;
}

Options signing_options(bool are_required) {
    return {{.name = "--private-key",
             .kind = Kind::file,
             .placeholder = "FILE",
             .is_required = are_required,
             .needs = {"--signing-certificate"},
             .summary = "Sign with this EC key in PEM: P-256, P-384 or P-521"},
            {.name = "--signing-certificate",
             .kind = Kind::file,
             .placeholder = "FILE",
             .is_required = are_required,
             .needs = {"--private-key"},
             .summary = "The key's certificate in PEM"}};
}

Command build_command() {
    return {
        .name = "build",
        .summary = "Build an image from a directory or a container image archive",
        .description =
            {"The same inputs give the same bytes each time. The measurements are printed as "
             "nitro-cli build-enclave prints them. Warnings on standard error say what AWS's "
             "builder and init would do to such an image silently.",
             "An instance with aws-nitro-enclaves-cli-devel has AWS's kernel, init and nsm.ko in "
             "/usr/share/nitro_enclaves/blobs."},
        .options = command_line::joined(
            {{{.name = "--kernel",
               .kind = Kind::file,
               .placeholder = "FILE",
               .is_required = true,
               .summary = "The kernel: bzImage (x86_64) or Image (aarch64)"},
              {.name = "--init",
               .kind = Kind::file,
               .placeholder = "FILE",
               .is_required = true,
               .summary = "The init program, AWS's or your own"},
              {.name = "--nsm-ko",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "The driver of /dev/nsm, if the kernel lacks it"},
              {.name = "--cmdline",
               .placeholder = "TEXT",
               .summary = "The kernel's arguments",
               .default_note = "AWS's"},
              {.name = "--rootfs",
               .kind = Kind::directory,
               .placeholder = "DIR",
               .summary = "Build from this root file system; needs --cmd"},
              {.name = "--image",
               .kind = Kind::file,
               .placeholder = "FILE",
               .excludes = {"--rootfs"},
               .summary = "Build from this archive, made by docker save or in OCI's form"},
              {.name = "--cmd",
               .placeholder = "COMMAND",
               .summary = "What the enclave runs: words, or a JSON array; replaces the image's CMD "
                          "and ENTRYPOINT"},
              {.name = "--env",
               .placeholder = "NAME=VALUE",
               .repeat = Repeat::list,
               .summary = "A variable that replaces or adds to the image's ENV"},
              {.name = "--name",
               .placeholder = "NAME",
               .summary = "ImageName in the metadata",
               .default_note = "the image's, else \"enclave\""},
              {.name = "--version",
               .placeholder = "VERSION",
               .summary = "ImageVersion in the metadata",
               .default_note = "the image's id, else \"1.0\""},
              {.name = "--metadata",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "A JSON object of 4096 bytes at most, which describe shows"},
              {.name = "--arch",
               .kind = Kind::choice,
               .placeholder = "ARCH",
               .noun = "an architecture",
               .choices = {"x86_64", "aarch64"},
               .summary = "The architecture",
               .default_note = "that of the image, init or kernel"}},
             signing_options(false),
             {{.name = "--mtime",
               .kind = Kind::choice,
               .placeholder = "MODE",
               .noun = "a mode",
               .choices = {"fixed", "keep"},
               .summary = "fixed: one time for all files; keep: their own",
               .default_value = "fixed"},
              {.name = "--keep-owners",
               .kind = Kind::flag,
               .summary = "With --rootfs, keep the files' owners instead of root"},
              max_size_option(),
              {.name = "--output",
               .letter = 'o',
               .kind = Kind::file,
               .placeholder = "FILE",
               .is_required = true,
               .summary = "The image to write; it is replaced whole or not at all"}}}),
        .examples = {{"Build from a container image",
                      "docker save app -o app.tar\n"
                      "glovebox eif build --kernel bzImage --init init --nsm-ko nsm.ko \\\n"
                      "    --image app.tar -o app.eif"},
                     {"Build from a root file system",
                      "glovebox eif build --kernel bzImage --init init --rootfs rootfs/ \\\n"
                      "    --cmd '/bin/server --port 5005' --env LOG=info -o app.eif"}},
        .variables = {{"SOURCE_DATE_EPOCH",
                       "The time of all files, in seconds since 1970, with --mtime fixed; "
                       "2017-04-18 by default"}},
        .see_also = {"glovebox-eif-describe(1)", "glovebox-eif-sign(1)", "nitro-cli(1)"},
        .run = build};
}

// --- sign ---

int sign(const Values& values) {
    const auto identity = eif::SigningIdentity::load(values.text("--private-key"),
                                                     values.text("--signing-certificate"))
                              .value();
    const eif::Certificate& certificate = identity.certificate();
    if (const TimePoint now = SystemClock().now(); !certificate.is_valid_at(now))
        print_remark("warning", fmt::format("the signing certificate is valid from {} to {}: today "
                                            "run-enclave refuses it (E59)",
                                            certificate.not_before(), certificate.not_after()));
    print_measurements(eif::sign_file(values.text("IMAGE"), identity,
                                      ReportedWork(values.text("IMAGE")).progress())
                           .value());
    return exit_done;
}

Command sign_command() {
    return {
        .name = "sign",
        .summary = "Sign an image in place, or replace its signature",
        .options = signing_options(true),
        .positionals = {image_argument()},
        .examples = {{"Make a key and its certificate, and sign",
                      "openssl ecparam -name secp384r1 -genkey -noout -out key.pem\n"
                      "openssl req -x509 -new -key key.pem -days 365 -subj /CN=me -out cert.pem\n"
                      "glovebox eif sign app.eif --private-key key.pem \\\n"
                      "    --signing-certificate cert.pem"}},
        .see_also = {"glovebox-eif-build(1)"},
        .run = sign};
}

// --- describe ---

int describe_image(const Values& values) {
    const std::string path = values.text("IMAGE");
    const auto opened = eif::ImageFile::open(path).value();
    const auto measured =
        eif::measure_content(opened.image, &opened.file, ReportedWork(path).progress());
    const auto description = eif::describe(opened.image, measured, SystemClock().now());
    if (!description)
        throw ErrorException(Error(description.error()).in(path));
    std::cout << eif::pretty_json(description->json) << '\n';
    for (const std::string& remark : description->remarks)
        print_remark("note", remark);
    if (!values.flag("--check"))
        return exit_done;
    const auto problems = nitro_cli::check_boot(opened.image, ReportedWork(path).progress());
    if (!problems)
        throw ErrorException(Error(problems.error()).in(path));
    for (const std::string& problem : *problems)
        print_remark("note", problem);
    return description->good && problems->empty() ? exit_done : exit_failed;
}

Command describe_image_command() {
    return {
        .name = "describe",
        .summary =
            "Describe an image as nitro-cli describe-eif does, and say what is wrong with it",
        .description = {"The JSON on standard output is nitro-cli's, key for key. Remarks on "
                        "standard error say which rules the file breaks and which reader rejects "
                        "it for that, whether the signature verifies, and whether it signs this "
                        "PCR0."},
        .options = {{.name = "--check",
                     .kind = Kind::flag,
                     .summary = "Exit with 1 unless Nitro would start the image, as it is measured "
                                "and signed, and its program: the kernel, init, the command and "
                                "its interpreter are looked at too"}},
        .positionals = {image_argument()},
        .examples = {{"Describe an image", "glovebox eif describe app.eif"},
                     {"Print PCR0 alone",
                      "glovebox eif describe app.eif | jq -r .Measurements.PCR0"},
                     {"Check an image in a script",
                      "glovebox eif describe --check app.eif >/dev/null && echo good"}},
        .exit_codes = {{"0", "the image is described"},
                       {"1", "it cannot be read, or with --check Nitro would not start it"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-eif-diff(1)", "nitro-cli(1)"},
        .run = describe_image};
}

// --- extract ---

boost::json::object listing_of(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return {{"directory", folder}, {"files", boost::json::value_from(names)}};
}

int extract(const Values& values) {
    const std::string path = values.text("IMAGE");
    const auto opened = eif::ImageFile::open(path).value();
    for (const eif::Finding& finding : opened.image.findings())
        print_remark("note", finding.sentence);
    eif::ExtractOptions options;
    options.files = values.flag("--files");
    options.limits.content_max = content_max(values);
    const auto extracted = eif::extract_image(opened.image, values.text("--output"), options,
                                              ReportedWork(path).progress());
    if (!extracted)
        throw ErrorException(Error(extracted.error()).in(path));
    if (values.flag("--json"))
        print_json_document(listing_of(values.text("--output")));
    return exit_done;
}

Command extract_command() {
    return {
        .name = "extract",
        .summary = "Take an image apart into a new directory",
        .options = {{.name = "--output",
                     .letter = 'o',
                     .kind = Kind::directory,
                     .placeholder = "DIR",
                     .is_required = true,
                     .summary = "The directory to make, which must not exist"},
                    {.name = "--files",
                     .kind = Kind::flag,
                     .summary = "Also unpack the ramdisks to files/ and list them in files.txt"},
                    max_size_option()},
        .positionals = {image_argument()},
        .examples = {{"Extract kernel, cmdline, metadata.json and ramdisks",
                      "glovebox eif extract app.eif -o parts"},
                     {"Look at the files too",
                      "glovebox eif extract app.eif -o parts --files && less parts/files.txt"}},
        .see_also = {"glovebox-eif-diff(1)"},
        .run = extract};
}

// --- diff ---

int diff(const Values& values) {
    const auto first = eif::ImageFile::open(values.text("FIRST")).value();
    const auto second = eif::ImageFile::open(values.text("SECOND")).value();
    const eif::Comparison comparison = eif::compare_images(
        first.image, second.image, values.number<std::size_t>("--files"),
        ReportedWork(values.text("FIRST") + " and " + values.text("SECOND")).progress());
    if (values.flag("--json")) {
        print_json_document(eif::to_json(comparison));
        return comparison.same_measurements ? exit_done : exit_failed;
    }
    for (const std::string& line : comparison.lines)
        std::cout << printable_lines(line) << '\n';
    std::cout << (comparison.same_bytes          ? "the files are identical\n"
                  : comparison.same_measurements ? "both measure the same\n"
                                                 : "they measure differently\n");
    return comparison.same_measurements ? exit_done : exit_failed;
}

Command diff_command() {
    Option first = image_argument();
    first.name = "FIRST";
    Option second = image_argument();
    second.name = "SECOND";
    second.summary = "The image to compare with it";
    return {.name = "diff",
            .summary = "Show why two images have different measurements",
            .description = {"Each pair has the first image's value before the slash."},
            .options = {{.name = "--files",
                         .kind = Kind::number,
                         .placeholder = "N",
                         .noun = "a number of files",
                         .least = 0,
                         .most = std::numeric_limits<std::uint32_t>::max(),
                         .summary = "List at most this many files of each ramdisk",
                         .default_value = "50"}},
            .positionals = {first, second},
            .examples = {{"Compare two builds", "glovebox eif diff monday.eif tuesday.eif"}},
            .exit_codes = {{"0", "PCR0, 1, 2 and 8 are equal"},
                           {"1", "they differ, or an image cannot be read"},
                           {"2", "the command line is wrong"}},
            .see_also = {"glovebox-eif-describe(1)"},
            .run = diff};
}

}  // namespace

Command eif_command() {
    return {.name = "eif",
            .summary = "Build, sign, describe, extract and compare enclave images",
            .description = {"Enclave image files (EIF) without Docker, root or AWS."},
            .options = {json_option("Print JSON; build, sign and describe always do")},
            .examples = {{"Describe an image", "glovebox eif describe app.eif"}},
            .sections = {{"JSON", eif_json_shapes, true}},
            .see_also = {"glovebox-run(1)", "nitro-cli(1)"},
            .subcommands = {build_command(), sign_command(), describe_image_command(),
                            extract_command(), diff_command()}};
}

}  // namespace glovebox::cli
