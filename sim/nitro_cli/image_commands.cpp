// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/image_commands.h"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <fstream>
#include <optional>
#include <ostream>
#include <system_error>

#include "core/base/output_file.h"
#include "core/base/reported_work.h"
#include "core/base/scratch.h"
#include "core/crypto/hash.h"
#include "core/crypto/pcr.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/format/signature_section.h"
#include "sim/eif/report/describe.h"
#include "sim/nitro_cli/docker.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/text_file.h"

namespace glovebox::nitro_cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t cmdline_bytes_max = 64 * 1024;
constexpr std::size_t certificate_bytes_max = 64 * 1024;

json::value measurements_of(const eif::Measurements& pcrs) {
    json::object object;
    object["Measurements"] = eif::measurements_json(pcrs);
    return object;
}

// The kernel's command line from a file, without surrounding blanks, as AWS's command reads it.
Result<std::string> read_cmdline(const fs::path& path) {
    const auto text = read_text_file(
        path, cmdline_bytes_max,
        file_error("Failed to read the kernel's command line", path.string(), "Open"));
    if (!text)
        return text.error();
    const auto first = text->find_first_not_of(" \t\r\n");
    if (first == std::string::npos)
        return std::string();
    return text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1);
}

Error missing_blob(std::string_view what, const fs::path& blobs) {
    return nitro_error(
        NitroError::eif_building,
        fmt::format("There is no {} in {}. NITRO_CLI_BLOBS names the folder; an instance's package "
                    "aws-nitro-enclaves-cli-devel has kernel, cmdline, init and nsm.ko in "
                    "/usr/share/nitro_enclaves/blobs.",
                    what, blobs.string()));
}

Result<void> add_blobs(const fs::path& blobs, eif::BuildOptions& options) {
    std::error_code code;
    options.kernel = blobs / "bzImage";
    if (!fs::exists(options.kernel, code))
        options.kernel = blobs / "Image";
    if (!fs::exists(options.kernel, code))
        return missing_blob("kernel (bzImage or Image)", blobs);
    options.init = blobs / "init";
    options.nsm_ko = blobs / "nsm.ko";
    for (const fs::path& file : {options.init, *options.nsm_ko})
        if (!fs::is_regular_file(file, code))
            return missing_blob(file.filename().string(), blobs);
    auto cmdline = read_cmdline(blobs / "cmdline");
    if (!cmdline)
        return cmdline.error();
    options.cmdline = std::move(*cmdline);
    return {};
}

Error unreadable_for_pcr(const std::string& path) {
    return nitro_error(NitroError::file_operation, fmt::format("Failed to read the file {}", path));
}

}  // namespace

std::string with_tag(const std::string& docker_uri) {
    return docker_uri.find(':') == std::string::npos ? docker_uri + ":latest" : docker_uri;
}

Result<json::value> build_enclave(const BuildArguments& arguments, std::ostream& progress) {
    progress << "Start building the Enclave Image..." << std::endl;
    ReportedWork work(arguments.output_file, ReportedWork::Lines::on_terminals);
    eif::BuildOptions options;
    if (const auto added = add_blobs(arguments.blobs, options); !added)
        return added.error();
    // As AWS's command does before it builds anything. Nothing with this name is touched yet.
    if (const auto output = OutputFile::create(arguments.output_file); !output)
        return file_error(fmt::format("Could not create output file: {}", output.error().message),
                          arguments.output_file, "Open");
    // Only for docker's archive.
    std::optional<Scratch> scratch;
    if (arguments.rootfs) {
        options.rootfs = *arguments.rootfs;
    } else if (arguments.docker_archive) {
        options.image = *arguments.docker_archive;
    } else {
        auto made = Scratch::make_folder(fs::temp_directory_path(), "glovebox-build-");
        if (!made)
            return made.error();
        options.image = scratch.emplace(std::move(*made)).path() / "image.tar";
        if (const auto saved =
                save_docker_image(with_tag(arguments.docker_uri), arguments.docker_dir,
                                  *options.image, progress, work.interruption());
            !saved)
            return saved.error();
    }
    if (arguments.command) {
        auto command = eif::parse_command(*arguments.command);
        if (!command)
            return nitro_error(NitroError::eif_building, command.error().message);
        options.command = std::move(*command);
    }
    options.environment = arguments.environment;
    options.name = arguments.name;
    if (!options.name && !arguments.docker_uri.empty())
        options.name = arguments.docker_uri.substr(0, arguments.docker_uri.find(':'));
    options.version = arguments.version;
    if (arguments.metadata)
        options.metadata = *arguments.metadata;
    options.private_key = arguments.private_key;
    if (arguments.signing_certificate)
        options.signing_certificate = *arguments.signing_certificate;
    options.source_date = arguments.source_date;
    options.tool_version = GLOVEBOX_VERSION;
    options.output = arguments.output_file;
    const auto built = eif::build_image(options, work.progress());
    if (!built)
        return nitro_error(NitroError::eif_building, built.error().message);
    for (const std::string& warning : built->warnings)
        progress << "glovebox: warning: " << warning << '\n';
    progress << "Enclave Image successfully created." << std::endl;
    return measurements_of(built->pcrs);
}

Result<json::value> describe_eif(const std::string& path, TimePoint now,
                                 std::vector<std::string>& remarks) {
    const auto failed = [](const Error& error) {
        return nitro_error(NitroError::eif_parsing, error.message);
    };
    const auto file = eif::MappedFile::open(path);
    if (!file)
        return failed(file.error());
    const auto image = eif::Image::parse(file->bytes());
    if (!image)
        return failed(image.error());
    const auto measured = eif::measure_content(
        *image, &*file, ReportedWork(path, ReportedWork::Lines::on_terminals).progress());
    auto description = eif::describe(*image, measured, now);
    if (!description)
        return failed(description.error());
    if (!description->refused_by_describe_eif.empty())
        return nitro_error(NitroError::eif_parsing,
                           description->refused_by_describe_eif +
                               "\n`glovebox eif describe` shows the image all the same.");
    remarks = std::move(description->remarks);
    return std::move(description->json);
}

Result<json::value> sign_eif(const std::string& path, const std::optional<std::string>& private_key,
                             const std::optional<std::string>& certificate,
                             std::ostream& progress) {
    if (!private_key || !certificate)
        return nitro_error(NitroError::signing,
                           "Give both --private-key and --signing-certificate.");
    const auto identity = eif::SigningIdentity::load(*private_key, *certificate);
    if (!identity) {
        progress << "Could not read signing info: " << identity.error().message << std::endl;
        return nitro_error(NitroError::signing, identity.error().message);
    }
    const auto pcrs = eif::sign_file(
        path, *identity, ReportedWork(path, ReportedWork::Lines::on_terminals).progress());
    if (!pcrs)
        return nitro_error(NitroError::signing, pcrs.error().message);
    progress << "Enclave Image successfully signed." << std::endl;
    return measurements_of(*pcrs);
}

Result<json::value> pcr_of_file(const std::string& path) {
    std::error_code code;
    std::ifstream file(path, std::ios::binary);
    if (!file || fs::is_directory(path, code))
        return unreadable_for_pcr(path);
    Hash hash(HashAlgorithm::sha384);
    std::string piece(64 * 1024, '\0');
    while (file) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        hash.update(as_bytes(piece).first(static_cast<std::size_t>(file.gcount())));
    }
    if (file.bad())
        return unreadable_for_pcr(path);
    json::object object;
    object["PCR"] = to_hex(extended(Pcr{}, hash.finish()));
    return object;
}

Result<json::value> pcr_of_certificate(const std::string& path) {
    const auto text = read_text_file(path, certificate_bytes_max, unreadable_for_pcr(path));
    if (!text)
        return text.error();
    const auto pcr = eif::signing_pcr(as_bytes(*text));
    if (!pcr)
        return nitro_error(NitroError::hasher, pcr.error().message);
    json::object object;
    object["PCR8"] = to_hex(*pcr);
    return object;
}

}  // namespace glovebox::nitro_cli
