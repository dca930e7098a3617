// glovebox eif build|sign|describe|extract|diff: enclave images (EIF) without Docker, root or AWS.
// JSON and listings go to stdout, remarks and errors to stderr.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "core/base/clock.h"
#include "sim/cli/number_option.h"
#include "sim/cli/source_date.h"
#include "sim/cli/subcommand.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/report/diff.h"
#include "sim/eif/unpack/extract.h"

namespace glovebox::cli {
namespace {

void print_measurements(const eif::Measurements& pcrs) {
    boost::json::object object;
    object["Measurements"] = eif::measurements_json(pcrs);
    std::cout << eif::pretty_json(object) << '\n';
}

// One line a remark; names in it come from foreign images, and must not steer a terminal.
void print_remark(std::string_view kind, std::string_view text) {
    std::string clean;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        clean += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    std::cerr << "glovebox: " << kind << ": " << clean << '\n';
}

struct OpenImage {
    eif::MappedFile file;
    eif::Image image;

    static OpenImage open(const std::string& path) {
        auto file = eif::MappedFile::open(path).value();
        auto image = eif::Image::parse(file.bytes());
        if (!image)
            throw ErrorException(Error(image.error()).in(path));
        return {std::move(file), std::move(*image)};
    }
};

void add_max_size(CLI::App& app, std::uint64_t& gib) {
    app.add_option("--max-size", gib, "GiB that the files may have together")
        ->check(number_between("a number of GiB", 1, std::uint64_t{1} << 20))
        ->capture_default_str();
}

// --- build ---

struct BuildArguments {
    eif::BuildOptions options;
    std::string kernel, init, nsm_ko, cmdline, rootfs, image, cmd, name, version, metadata, arch,
        private_key, certificate, output;
    std::string mtime = "fixed";
    std::uint64_t content_max_gib = 8;
};

void build(BuildArguments& arguments) {
    const auto path_or_none = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional<std::filesystem::path>(text);
    };
    const auto text_or_none = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional(text);
    };
    eif::BuildOptions& options = arguments.options;
    options.kernel = arguments.kernel;
    options.init = arguments.init;
    options.nsm_ko = path_or_none(arguments.nsm_ko);
    options.cmdline = text_or_none(arguments.cmdline);
    options.rootfs = path_or_none(arguments.rootfs);
    options.image = path_or_none(arguments.image);
    if (!arguments.cmd.empty())
        options.command = eif::parse_command(arguments.cmd).value();
    options.name = text_or_none(arguments.name);
    options.version = text_or_none(arguments.version);
    options.metadata = path_or_none(arguments.metadata);
    if (!arguments.arch.empty())
        options.architecture =
            arguments.arch == "aarch64" ? eif::Architecture::aarch64 : eif::Architecture::x86_64;
    options.private_key = text_or_none(arguments.private_key);
    options.signing_certificate = path_or_none(arguments.certificate);
    options.keep_times = arguments.mtime == "keep";
    options.source_date = source_date();
    options.tool_version = GLOVEBOX_VERSION;
    options.limits.content_max = arguments.content_max_gib << 30;
    options.output = arguments.output;

    const eif::BuildResult result = eif::build_image(options).value();
    for (const std::string& warning : result.warnings)
        print_remark("warning", warning);
    constexpr std::uint64_t mib = 1 << 20;
    print_remark(
        "built",
        fmt::format("{}, {} bytes; run-enclave will want --memory {} or more", arguments.output,
                    result.size, std::max<std::uint64_t>(64, 4 * ((result.size + mib - 1) / mib))));
    print_measurements(result.pcrs);
}

void add_build(CLI::App& eif, int& exit_status) {
    auto arguments = std::make_shared<BuildArguments>();
    BuildArguments& a = *arguments;
    CLI::App& app = *eif.add_subcommand(
        "build",
        "Builds an image from a folder or a container image archive, the same bytes each time");
    app.add_option("--kernel", a.kernel, "bzImage (x86_64) or Image (aarch64)")->required();
    app.add_option("--init", a.init, "the init program, AWS's or your own")->required();
    app.add_option("--nsm-ko", a.nsm_ko, "the driver of /dev/nsm, if the kernel lacks it");
    app.add_option("--cmdline", a.cmdline, "the kernel's arguments (default: AWS's)");
    auto* rootfs = app.add_option("--rootfs", a.rootfs, "a root file system folder; needs --cmd");
    app.add_option("--image", a.image, "a docker save or OCI archive")->excludes(rootfs);
    app.add_option("--cmd", a.cmd,
                   "what runs: words, or a JSON array; replaces the image's CMD and ENTRYPOINT");
    app.add_option("--env", a.options.environment,
                   "NAME=VALUE, repeatable; replaces or adds to the image's ENV")
        ->allow_extra_args(false);
    app.add_option("--name", a.name, "ImageName (default: the image's, else \"enclave\")");
    app.add_option("--version", a.version, "ImageVersion (default: the image's id, else \"1.0\")");
    app.add_option("--metadata", a.metadata, "a JSON object of 4096 bytes at most, for describe");
    app.add_option("--arch", a.arch, "x86_64 or aarch64 (default: told from image, init or kernel)")
        ->check(CLI::IsMember({"x86_64", "aarch64"}));
    auto* key = app.add_option("--private-key", a.private_key, "EC key in PEM: sign the image");
    auto* certificate =
        app.add_option("--signing-certificate", a.certificate, "its certificate in PEM");
    key->needs(certificate);
    certificate->needs(key);
    app.add_option(
           "--mtime", a.mtime,
           "fixed: one time for all files (SOURCE_DATE_EPOCH or 2017-04-18); keep: their own")
        ->check(CLI::IsMember({"fixed", "keep"}))
        ->capture_default_str();
    app.add_flag("--keep-owners", a.options.keep_owners,
                 "with --rootfs: the folder's owners instead of root's");
    add_max_size(app, a.content_max_gib);
    app.add_option("-o,--output", a.output, "the image; replaced whole or not at all")->required();
    app.footer(
        "Examples:\n"
        "  glovebox eif build --kernel bzImage --init init --nsm-ko nsm.ko \\\n"
        "      --image app.tar -o app.eif          # docker save app -o app.tar\n"
        "  glovebox eif build --kernel bzImage --init init --rootfs rootfs/ \\\n"
        "      --cmd '/bin/server --port 5005' --env LOG=info -o app.eif\n"
        "\n"
        "An instance with aws-nitro-enclaves-cli-devel has AWS's kernel, init and nsm.ko in\n"
        "/usr/share/nitro_enclaves/blobs.\n"
        "\n"
        "Prints the measurements as nitro-cli build-enclave does. Warnings on stderr say what "
        "AWS's\n"
        "builder and init do to such an image without a word.");
    app.callback([arguments, &exit_status] {
        build(*arguments);
        exit_status = exit_done;
    });
}

// --- sign ---

struct SignArguments {
    std::string image, private_key, certificate;
};

void add_sign(CLI::App& eif, int& exit_status) {
    auto arguments = std::make_shared<SignArguments>();
    CLI::App& app =
        *eif.add_subcommand("sign", "Signs an image in place, or replaces its signature");
    app.add_option("image", arguments->image, "the image")->required();
    app.add_option("--private-key", arguments->private_key, "EC key in PEM: P-256, P-384 or P-521")
        ->required();
    app.add_option("--signing-certificate", arguments->certificate, "its certificate in PEM")
        ->required();
    app.footer(
        "Examples:\n"
        "  openssl ecparam -name secp384r1 -genkey -noout -out key.pem\n"
        "  openssl req -x509 -new -key key.pem -days 365 -subj /CN=me -out cert.pem\n"
        "  glovebox eif sign app.eif --private-key key.pem --signing-certificate cert.pem");
    app.callback([arguments, &exit_status] {
        const auto identity =
            eif::SigningIdentity::load(arguments->private_key, arguments->certificate).value();
        const eif::Certificate& certificate = identity.certificate();
        if (const TimePoint now = SystemClock().now(); !certificate.is_valid_at(now))
            print_remark("warning",
                         fmt::format("the signing certificate is valid from {} to {}: today "
                                     "run-enclave refuses it (E59)",
                                     certificate.not_before(), certificate.not_after()));
        print_measurements(eif::sign_file(arguments->image, identity).value());
        exit_status = exit_done;
    });
}

// --- describe ---

struct DescribeArguments {
    std::string image;
    bool check = false;
};

void add_describe(CLI::App& eif, int& exit_status) {
    auto arguments = std::make_shared<DescribeArguments>();
    CLI::App& app = *eif.add_subcommand(
        "describe", "Prints what nitro-cli describe-eif does, and says what is wrong");
    app.add_option("image", arguments->image, "the image")->required();
    app.add_flag("--check", arguments->check,
                 "exit with 1 unless Nitro would start it as it is measured and signed");
    app.footer(
        "Examples:\n"
        "  glovebox eif describe app.eif\n"
        "  glovebox eif describe app.eif | jq -r .Measurements.PCR0\n"
        "  glovebox eif describe --check app.eif >/dev/null && echo good\n"
        "\n"
        "The JSON on stdout is nitro-cli's, key for key. Remarks on stderr say which rules the "
        "file\n"
        "breaks and who minds, whether the signature verifies, and whether it signs this PCR0.");
    app.callback([arguments, &exit_status] {
        const OpenImage opened = OpenImage::open(arguments->image);
        const auto description = eif::describe(opened.image, SystemClock().now(), &opened.file);
        if (!description)
            throw ErrorException(Error(description.error()).in(arguments->image));
        std::cout << eif::pretty_json(description->json) << '\n';
        for (const std::string& remark : description->remarks)
            print_remark("note", remark);
        exit_status = arguments->check && !description->good ? exit_failed : exit_done;
    });
}

// --- extract ---

struct ExtractArguments {
    std::string image, folder;
    eif::ExtractOptions options;
    std::uint64_t content_max_gib = 8;
};

void add_extract(CLI::App& eif, int& exit_status) {
    auto arguments = std::make_shared<ExtractArguments>();
    CLI::App& app = *eif.add_subcommand("extract", "Takes an image apart into a new folder");
    app.add_option("image", arguments->image, "the image")->required();
    app.add_option("-o,--output", arguments->folder, "the folder, which must not exist")
        ->required();
    app.add_flag("--files", arguments->options.files,
                 "also unpack the ramdisks to files/ and list them in files.txt");
    add_max_size(app, arguments->content_max_gib);
    app.footer(
        "Examples:\n"
        "  glovebox eif extract app.eif -o parts      # kernel cmdline metadata.json ramdisk0.cpio "
        "...\n"
        "  glovebox eif extract app.eif -o parts --files && less parts/files.txt");
    app.callback([arguments, &exit_status] {
        const OpenImage opened = OpenImage::open(arguments->image);
        for (const eif::Finding& finding : opened.image.findings())
            print_remark("note", finding.sentence);
        arguments->options.limits.content_max = arguments->content_max_gib << 30;
        const auto extracted =
            eif::extract_image(opened.image, arguments->folder, arguments->options);
        if (!extracted)
            throw ErrorException(Error(extracted.error()).in(arguments->image));
        exit_status = exit_done;
    });
}

// --- diff ---

struct DiffArguments {
    std::string first, second;
    std::size_t files_max = 50;
};

void add_diff(CLI::App& eif, int& exit_status) {
    auto arguments = std::make_shared<DiffArguments>();
    CLI::App& app = *eif.add_subcommand("diff", "Says why two images measure differently");
    app.add_option("first", arguments->first, "an image")->required();
    app.add_option("second", arguments->second, "another")->required();
    app.add_option("--files", arguments->files_max, "how many files of a ramdisk are named")
        ->capture_default_str();
    app.footer(
        "Examples:\n"
        "  glovebox eif diff monday.eif tuesday.eif\n"
        "\n"
        "Of each pair the first image's value stands before the slash. Exits with 0 when PCR0, 1, "
        "2\n"
        "and 8 are equal, else with 1.");
    app.callback([arguments, &exit_status] {
        const OpenImage first = OpenImage::open(arguments->first);
        const OpenImage second = OpenImage::open(arguments->second);
        const eif::Comparison comparison =
            eif::compare_images(first.image, second.image, arguments->files_max);
        for (const std::string& line : comparison.lines)
            std::cout << line << '\n';
        std::cout << (comparison.same_bytes          ? "the files are identical\n"
                      : comparison.same_measurements ? "both measure the same\n"
                                                     : "they measure differently\n");
        exit_status = comparison.same_measurements ? exit_done : exit_failed;
    });
}

}  // namespace

void add_eif_command(CLI::App& app, int& exit_status) {
    CLI::App& eif =
        *app.add_subcommand("eif", "Enclave images: build, sign, describe, extract, diff");
    eif.require_subcommand(1);
    add_build(eif, exit_status);
    add_sign(eif, exit_status);
    add_describe(eif, exit_status);
    add_extract(eif, exit_status);
    add_diff(eif, exit_status);
}

}  // namespace glovebox::cli
