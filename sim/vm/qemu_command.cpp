// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/qemu_command.h"

#include <fmt/core.h>

namespace glovebox::vm {
namespace {

std::string with_commas_doubled(std::string_view name) {
    std::string text;
    for (const char one : name)
        text += one == ',' ? std::string(",,") : std::string(1, one);
    return text;
}

void add_folder(std::vector<std::string>& words, const std::string& tag, std::string_view folder,
                std::string_view options) {
    words.insert(words.end(),
                 {"-fsdev",
                  fmt::format("local,id={},path={},security_model=none,multidevs=remap{}", tag,
                              with_commas_doubled(folder), options),
                  "-device", fmt::format("virtio-9p-pci,fsdev={0},mount_tag={0}", tag)});
}

}  // namespace

std::string kernel_parameters(const Platform& platform, Acceleration acceleration) {
    std::string text = fmt::format("console={} panic=-1 oops=panic quiet loglevel=4 rdinit=/init",
                                   platform.console);
    if (acceleration == Acceleration::tcg && !platform.tcg_append.empty())
        text += fmt::format(" {}", platform.tcg_append);
    if (platform.board == "q35")
        text += " reboot=t";
    return text;
}

std::vector<std::string> qemu_command(const QemuSettings& settings) {
    const Platform& platform = settings.platform;
    const bool is_kvm = settings.acceleration == Acceleration::kvm;
    std::vector<std::string> words{
        std::string(platform.qemu),
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-monitor",
        "none",
        "-no-reboot",
        "-machine",
        fmt::format("{},accel={},memory-backend=ram", platform.board, is_kvm ? "kvm" : "tcg"),
        "-cpu",
        is_kvm ? "host" : std::string(platform.tcg_cpu),
        "-smp",
        std::to_string(settings.processors),
        "-m",
        fmt::format("{}M", settings.memory_mib),
        "-object",
        fmt::format("memory-backend-memfd,id=ram,size={}M,share=on", settings.memory_mib),
        "-chardev",
        fmt::format("socket,id=console,fd={}", settings.channels.console),
        "-serial",
        "chardev:console",
        "-device",
        "virtio-serial-pci,max_ports=64",
        "-chardev",
        fmt::format("socket,id=stdout,fd={}", settings.channels.output),
        "-device",
        "virtserialport,chardev=stdout,nr=1,name=stdio",
        "-chardev",
        fmt::format("socket,id=stderr,fd={}", settings.channels.errors),
        "-device",
        "virtserialport,chardev=stderr,nr=2,name=stderr",
        "-kernel",
        settings.kernel,
        "-initrd",
        settings.initramfs,
        "-append",
        kernel_parameters(platform, settings.acceleration)};
    if (!settings.vsock_socket.empty())
        words.insert(words.end(), {"-chardev",
                                   fmt::format("socket,id=vsock,path={}",
                                               with_commas_doubled(settings.vsock_socket)),
                                   "-device", "vhost-user-vsock-pci,chardev=vsock"});
    if (settings.has_host_files)
        add_folder(words, "root", "/", ",readonly=on");
    for (std::size_t i = 0; i < settings.shared_folders.size(); ++i)
        add_folder(words, fmt::format("share{}", i), settings.shared_folders[i], "");
    for (std::size_t i = 0; i < settings.agent_sockets.size(); ++i) {
        const std::size_t port = first_agent_port + i;
        words.insert(
            words.end(),
            {"-chardev",
             fmt::format("socket,id=agent{},path={},server=on,wait=off", port,
                         with_commas_doubled(settings.agent_sockets[i])),
             "-device", fmt::format("virtserialport,chardev=agent{0},nr={0},name=agent{0}", port)});
    }
    return words;
}

}  // namespace glovebox::vm
