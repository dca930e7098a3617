// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/guest_image.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/vm/init_script.h"

namespace glovebox::vm {
namespace {

// What every guest loads: its buses, and the ports by which its output leaves.
constexpr const char* bus_module = "virtio_pci";
constexpr const char* port_module = "virtio_console";

using Environment = std::vector<std::pair<std::string, std::string>>;

Environment environment_of(const GuestOptions& options) {
    const bool is_root = options.user != guest_user;
    Environment all{{"HOME", is_root ? "/root" : fmt::format("/home/{}", guest_user)},
                    {"USER", options.user},
                    {"XDG_RUNTIME_DIR", fmt::format("/run/user/{}", is_root ? 0 : guest_user_id)},
                    {"LC_ALL", "C.UTF-8"}};
    all.insert(all.end(), options.environment.begin(), options.environment.end());
    return all;
}

}  // namespace

std::string shell_word(std::string_view word) {
    std::string text = "'";
    for (const char one : word)
        text += one == '\'' ? std::string("'\\''") : std::string(1, one);
    return text + "'";
}

std::string command_script(const GuestOptions& options) {
    std::string script = "#!/bin/sh\n";
    if (!options.has_host_files)
        script += "export PATH=/usr/local/bin:/usr/bin:/usr/sbin\n";
    for (const auto& [name, value] :
         options.has_host_files ? options.environment : environment_of(options))
        script += fmt::format("export {}={}\n", name, shell_word(value));
    script += fmt::format("cd {}\nexec", shell_word(options.folder));
    for (const std::string& word : options.command)
        script += " " + shell_word(word);
    return script + "\n";
}

Result<Initramfs> guest_image(const GuestOptions& options, const Kernel& kernel,
                              const std::string& token) {
    auto image = Initramfs::make();
    if (!image)
        return image;
    std::vector<std::string> names{bus_module, port_module};
    for (const auto& more : {vsock_modules(options.vsock), options.modules})
        names.insert(names.end(), more.begin(), more.end());
    if (options.vsock == "virtio")
        names.emplace_back("vsock_diag");
    if (options.has_host_files)
        names.insert(names.end(), {"9pnet_virtio", "9p", "overlay"});
    auto modules = kernel.load_order(names);
    if (!modules)
        return modules.error();
    if (auto added = image->add_modules(std::move(*modules)); !added)
        return added.error();
    if (auto added = image->add_busybox(); !added)
        return added.error();
    for (const PlacedFile& program : options.programs)
        if (auto added = image->add_program(program.source, program.path); !added)
            return added.error();
    for (const PlacedFile& file : options.files)
        if (auto added = image->add_file(file.source, file.path); !added)
            return added.error();
    if (auto added = image->add_text("init", init_script, 0755); !added)
        return added.error();
    const std::vector<std::pair<const char*, std::string>> texts{
        {"glovebox/token", token + "\n"},
        {"glovebox/name", options.name + "\n"},
        {"glovebox/user", options.user + "\n"},
        {"glovebox/command", command_script(options)}};
    for (const auto& [path, text] : texts)
        if (auto added = image->add_text(path, text); !added)
            return added.error();
    std::string shared;
    for (const std::string& folder : options.shared_folders)
        shared += folder + "\n";
    std::string launcher;
    for (const std::string& word : options.launcher)
        launcher += shell_word(word) + " ";
    if (options.has_host_files)
        if (auto added = image->add_text("glovebox/launcher", launcher + "\n"); !added)
            return added.error();
    if (options.has_host_files)
        if (auto added = image->add_text("glovebox/shared_folders", shared); !added)
            return added.error();
    if (options.has_input)
        if (auto added = image->add_text("glovebox/has_input", ""); !added)
            return added.error();
    return image;
}

}  // namespace glovebox::vm
