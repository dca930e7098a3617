// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <limits>

#include "core/base/clock.h"
#include "sim/eif/archive/image_archive.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/image_writer.h"
#include "sim/eif/build/nitro_rules.h"
#include "sim/eif/build/program_file.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/format/aws_init.h"
#include "sim/eif/format/metadata.h"
#include "sim/eif/tree/directory_reader.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

Error invalid(std::string sentence) {
    return Error(EifError::invalid_input, std::move(sentence));
}

// The application: its files and how they are run.
struct Application {
    FileTree root;
    std::vector<std::string> command;
    std::vector<std::string> environment;
    std::optional<Architecture> architecture;
    std::string name = "enclave";
    std::string version = "1.0";
    boost::json::value docker_info;
};

// "registry:5000/team/app:1.2" -> "registry:5000/team/app"; a digest goes too.
std::string without_tag(const std::string& reference) {
    std::string name = reference.substr(0, reference.find('@'));
    const std::size_t slash = name.rfind('/');
    const std::size_t colon = name.find(':', slash == std::string::npos ? 0 : slash);
    return name.substr(0, colon);
}

// NAME=VALUE items over those of the image: a known name is replaced where it stands.
Result<std::vector<std::string>> merged_environment(std::vector<std::string> items,
                                                    const std::vector<std::string>& added) {
    for (const std::string& item : added) {
        const std::size_t equals = item.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid(fmt::format("--env \"{}\": NAME=VALUE was expected", item));
        const std::string prefix = item.substr(0, equals + 1);
        const auto known = std::find_if(items.begin(), items.end(), [&prefix](const auto& each) {
            return each.starts_with(prefix);
        });
        if (known == items.end())
            items.push_back(item);
        else
            *known = item;
    }
    return items;
}

Result<Application> from_folder(const BuildOptions& options, Warnings& warnings) {
    if (!options.command)
        return invalid("a root file system folder doesn't say what to run: give --cmd");
    auto root = read_directory(
        *options.rootfs, {.keep_owners = options.keep_owners, .limits = options.limits}, warnings);
    if (!root)
        return root.error();
    Application application;
    application.root = std::move(*root);
    application.command = *options.command;
    return application;
}

Result<Application> from_archive(const BuildOptions& options, Spool& spool, Warnings& warnings,
                                 Progress& progress) {
    auto image = read_image_archive(
        *options.image, {.architecture = options.architecture, .limits = options.limits}, spool,
        warnings, progress);
    if (!image)
        return image.error();
    Application application;
    application.docker_info = image->docker_info();
    const auto architecture = image->config.eif_architecture();
    if (!architecture)
        return Error(architecture.error()).in(options.image->string());
    application.architecture = *architecture;
    // Treat --cmd as the image's CMD, so that the warnings about WORKDIR and USER still appear.
    if (options.command) {
        image->config.cmd = *options.command;
        image->config.entrypoint.reset();
    }
    auto command = command_of(image->config, warnings);
    if (!command)
        return Error(command.error()).in(options.image->string());
    application.command = std::move(*command);
    application.environment = image->config.env.value_or(std::vector<std::string>());
    application.version = image->id;
    if (!image->repo_tags.empty())
        application.name = without_tag(image->repo_tags.front());
    application.root = std::move(image->root);
    return application;
}

Result<Architecture> choose_architecture(const BuildOptions& options,
                                         const Application& application, BytesView init,
                                         const KernelFile& kernel, Warnings& warnings) {
    const auto of_init = elf_architecture(init);
    std::optional<Architecture> chosen = options.architecture;
    for (const auto& hint : {application.architecture, of_init, kernel.architecture})
        if (!chosen)
            chosen = hint;
    if (!chosen)
        return invalid(
            "neither init nor the kernel tells the architecture: give --arch x86_64 or --arch "
            "aarch64");
    if (application.architecture && *application.architecture != *chosen)
        return invalid(fmt::format("--arch {}, but the container image is for {}",
                                   to_string(*chosen), to_string(*application.architecture)));
    const auto check = [&](const fs::path& file, std::optional<Architecture> of, const char* what) {
        if (!of)
            warnings.push_back(
                fmt::format("{} is {}: the image will not boot on Nitro", file.string(), what));
        else if (*of != *chosen)
            warnings.push_back(
                fmt::format("{} is for {}, the image for {}: it will not boot on Nitro",
                            file.string(), to_string(*of), to_string(*chosen)));
    };
    check(options.kernel, kernel.architecture, "neither a bzImage nor an aarch64 Image");
    if (!as_text(init).starts_with("#!"))
        check(options.init, of_init, "no ELF program for x86_64 or aarch64");
    return *chosen;
}

// RFC 3339 as chrono of AWS's builder writes it, "2017-04-18T16:30:00+00:00".
std::string build_time(std::int64_t seconds) {
    const std::string text = format_time(TimePoint(std::chrono::seconds(seconds)));
    return text.substr(0, text.find('.')) + "+00:00";
}

Result<Metadata> metadata_for(const BuildOptions& options, const Application& application,
                              const KernelFile& kernel) {
    Metadata metadata;
    metadata.image_name = options.name.value_or(application.name);
    metadata.image_version = options.version.value_or(application.version);
    metadata.build_time = build_time(options.source_date);
    metadata.build_tool = "glovebox";
    metadata.build_tool_version = options.tool_version;
    metadata.operating_system = "Linux";
    metadata.kernel_version = kernel.version;
    metadata.docker_info = application.docker_info;
    if (options.metadata) {
        const auto file = MappedFile::open(*options.metadata);
        if (!file)
            return file.error();
        auto custom = parse_custom_metadata(as_text(file->bytes()));
        if (!custom)
            return Error(custom.error()).in(options.metadata->string());
        metadata.custom = std::move(*custom);
    }
    return metadata;
}

Result<void> check(const BuildOptions& options) {
    if (options.rootfs.has_value() == options.image.has_value())
        return invalid("give either a folder (--rootfs) or an archive (--image)");
    if (options.private_key.has_value() != options.signing_certificate.has_value())
        return invalid("--private-key and --signing-certificate are given together or not at all");
    if (options.source_date < 0 || options.source_date > std::numeric_limits<std::uint32_t>::max())
        return invalid(fmt::format("source date {}: seconds from 1970 to 2106 were expected",
                                   options.source_date));
    if (options.cmdline &&
        options.cmdline->find_first_of(std::string_view("\0\n", 2)) != std::string::npos)
        return invalid("--cmdline: the kernel's arguments hold a NUL or a newline");
    return {};
}

}  // namespace

std::string_view default_cmdline(Architecture architecture) {
    return architecture == Architecture::x86_64
               ? "reboot=k panic=30 pci=off nomodules console=ttyS0 i8042.noaux i8042.nomux "
                 "i8042.nopnp i8042.dumbkbd random.trust_cpu=on"
               : "reboot=k panic=30 pci=off nomodules console=ttyS0 random.trust_cpu=on "
                 "root=/dev/ram0";
}

Result<BuildResult> build_image(const BuildOptions& options, Progress& progress) {
    if (const auto checked = check(options); !checked)
        return checked.error();
    BuildResult result;
    Warnings& warnings = result.warnings;

    std::optional<SigningIdentity> identity;
    if (options.private_key) {
        auto loaded = SigningIdentity::load(*options.private_key, *options.signing_certificate);
        if (!loaded)
            return loaded.error();
        identity = std::move(*loaded);
    }
    const auto kernel = MappedFile::open(options.kernel);
    if (!kernel)
        return Error(kernel.error()).in("kernel");
    const auto init = MappedFile::open(options.init);
    if (!init)
        return Error(init.error()).in("init");
    std::vector<MappedFile> nsm_ko;
    if (options.nsm_ko) {
        auto module = MappedFile::open(*options.nsm_ko);
        if (!module)
            return Error(module.error()).in("nsm.ko");
        nsm_ko.push_back(std::move(*module));
    }
    const KernelFile kernel_file = inspect_kernel(kernel->bytes());

    // The spool is on the output's file system, which has to have room for the contents anyway.
    fs::path folder = options.output.parent_path();
    Spool spool(folder.empty() ? "." : folder);
    auto application = options.rootfs ? from_folder(options, warnings)
                                      : from_archive(options, spool, warnings, progress);
    if (!application)
        return application.error();
    auto environment = merged_environment(application->environment, options.environment);
    if (!environment)
        return environment.error();
    const auto architecture =
        choose_architecture(options, *application, init->bytes(), kernel_file, warnings);
    if (!architecture)
        return architecture.error();
    const auto metadata = metadata_for(options, *application, kernel_file);
    if (!metadata)
        return metadata.error();
    for (const std::string& key : repeated_keys(*metadata))
        warnings.push_back(fmt::format(
            "the custom metadata repeats {}, a key of the builder's own: describe-eif prints it "
            "twice, and readers of JSON take the second value. Give it another name",
            key));
    const auto cmd = lines_of(application->command, "command", warnings);
    if (!cmd)
        return cmd.error();
    const auto env = lines_of(*environment, "environment", warnings);
    if (!env)
        return env.error();
    if (const auto applied = apply_builder_rules(application->root, warnings); !applied)
        return applied.error();
    if (is_aws_init(init->bytes())) {
        warn_of_init(application->command, *environment, warnings);
        for (std::string& problem :
             start_problems(application->root, application->command, *environment, *architecture))
            warnings.push_back(std::move(problem));
    } else {
        warnings.push_back(fmt::format(
            "{} is not AWS's init, whose messages it lacks: what starts, and whether /cmd and /env "
            "are read, is its own affair. `glovebox run --eif` starts it as PID 1",
            options.init.string()));
    }
    if (!options.keep_times)
        warn_of_python_times(application->root, options.source_date, warnings);

    auto out = OutputFile::create(options.output);
    if (!out)
        return out.error();
    const FileTimes times{static_cast<std::uint32_t>(options.source_date), options.keep_times};
    auto writer = ImageWriter::begin(*out, *architecture);
    if (!writer)
        return writer.error();
    const std::string cmdline =
        options.cmdline.value_or(std::string(default_cmdline(*architecture)));
    const std::string metadata_text = metadata->encode();
    for (const auto& [type, data] : {std::pair{SectionType::kernel, kernel->bytes()},
                                     std::pair{SectionType::cmdline, as_bytes(cmdline)},
                                     std::pair{SectionType::metadata, as_bytes(metadata_text)}})
        if (const auto added = writer->add_section(type, data); !added)
            return added.error();
    const auto add_ramdisk = [&writer](auto write) -> Result<void> {
        if (const auto opened = writer->open_section(SectionType::ramdisk); !opened)
            return opened.error();
        if (const Result<void> written = write(); !written)
            return written.error();
        return writer->close_section();
    };
    std::vector<BytesView> modules;
    for (const MappedFile& module : nsm_ko)
        modules.push_back(module.bytes());
    if (const auto added =
            add_ramdisk([&] { return write_boot_ramdisk(*out, init->bytes(), modules, times); });
        !added)
        return added.error();
    if (const auto added = add_ramdisk([&] {
            return write_application_ramdisk(*out, application->root, *cmd, *env, times, progress);
        });
        !added)
        return added.error();
    const auto pcrs = writer->finish(identity ? &*identity : nullptr, progress);
    if (!pcrs)
        return pcrs.error();
    result.pcrs = *pcrs;
    result.size = out->size();
    if (const auto committed = out->commit(); !committed)
        return committed.error();
    return result;
}

Result<std::vector<std::string>> parse_command(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t\n");
    if (start == std::string_view::npos)
        return invalid("--cmd is empty: give the program and its arguments");
    if (text[start] == '[') {
        const auto value = read_json(text, json_budget);
        std::vector<std::string> words;
        bool good = value && value->is_array();
        if (good)
            for (const auto& element : value->get_array()) {
                good = good && element.is_string();
                if (good)
                    words.emplace_back(element.get_string());
            }
        if (!good)
            return invalid(
                "--cmd begins with '[' and is not a JSON array of strings, such as "
                "[\"/app\", \"--port\", \"5005\"]");
        return words;
    }
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == '\'' ? c == '\'' : quote != 0 && c == quote) {
            quote = 0;
        } else if (c == '\\' && i + 1 < text.size() &&
                   (quote == 0 || (quote == '"' && std::string_view("\"\\$`").find(text[i + 1]) !=
                                                       std::string_view::npos))) {
            word += text[++i];
            in_word = true;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
            in_word = true;
        } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
            if (in_word)
                words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != 0)
        return invalid(fmt::format("--cmd: a {} is not closed", quote));
    if (in_word)
        words.push_back(std::move(word));
    return words;
}

}  // namespace glovebox::eif
