// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/initramfs.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <boost/system/errc.hpp>
#include <cerrno>
#include <sstream>
#include <system_error>

#include "core/base/output_file.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/cpio_node.h"
#include "sim/eif/tree/directory_reader.h"
#include "sim/vm/captured.h"
#include "sim/vm/shared_libraries.h"

namespace glovebox::vm {

namespace fs = std::filesystem;
using eif::Node;
using eif::NodeType;

namespace {

Node directory(std::uint32_t permissions, std::uint32_t uid = 0) {
    Node node;
    node.type = NodeType::directory;
    node.permissions = permissions;
    node.uid = uid;
    node.gid = uid;
    return node;
}

Node symlink(std::string target) {
    Node node;
    node.type = NodeType::symlink;
    node.permissions = 0777;
    node.target = std::move(target);
    return node;
}

// Opened by the kernel as the first process's standard streams, before anything mounts /dev.
Node console() {
    Node node;
    node.type = NodeType::character_device;
    node.permissions = 0600;
    node.device_major = 5;
    node.device_minor = 1;
    return node;
}

bool is_cache(std::string_view path) {
    return fmt::format("/{}/", path).find("/__pycache__/") != std::string::npos;
}

}  // namespace

Result<Initramfs> Initramfs::make() {
    UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        return errno_error("cannot open /", errno);
    Initramfs made(std::move(root));
    std::vector<std::pair<std::string, Node>> nodes;
    for (const char* name : {"dev", "proc", "sys", "run", "root", "etc", "home", "usr", "usr/bin",
                             "usr/sbin", "usr/lib", "usr/lib64", "usr/local", "usr/local/bin",
                             "var", "glovebox", "glovebox/modules"})
        nodes.emplace_back(name, directory(0755));
    for (const char* name : {"bin", "sbin", "lib", "lib64"})
        nodes.emplace_back(name, symlink(std::string("usr/") + name));
    nodes.emplace_back("tmp", directory(01777));
    nodes.emplace_back("var/tmp", symlink("../tmp"));
    nodes.emplace_back(std::string("home/") + guest_user, directory(0755, guest_user_id));
    nodes.emplace_back("dev/console", console());
    for (auto& [path, node] : nodes)
        if (auto added = made.put(path, std::move(node)); !added)
            return added.error();
    const std::string passwd = fmt::format(
        "root:x:0:0:root:/root:/bin/sh\n{0}:x:{1}:{1}::/home/{0}:/bin/sh\n"
        "nobody:x:65534:65534::/nonexistent:/bin/false\n",
        guest_user, guest_user_id);
    const std::string group =
        fmt::format("root:x:0:\n{}:x:{}:\nnogroup:x:65534:\n", guest_user, guest_user_id);
    const std::vector<std::pair<const char*, std::string>> files{
        {"etc/passwd", passwd},
        {"etc/group", group},
        {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
        {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"}};
    for (const auto& [path, text] : files)
        if (auto added = made.add_text(path, text); !added)
            return added.error();
    return made;
}

Result<void> Initramfs::put(const std::string& path, Node node) {
    const auto canonical = eif::canonical_path(path);
    if (!canonical)
        return canonical.error();
    return tree_.put(*canonical, std::make_shared<Node>(std::move(node)));
}

Result<void> Initramfs::add_text(const std::string& path, std::string_view text,
                                 std::uint32_t permissions) {
    Node node;
    node.permissions = permissions;
    node.content = eif::Content::of(text);
    return put(path, std::move(node));
}

Result<void> Initramfs::add_file(const fs::path& source, const std::string& path) {
    struct stat found {};
    std::error_code failure;
    const fs::path real = fs::canonical(source, failure);
    if (failure || ::stat(real.c_str(), &found) != 0)
        return errno_error("cannot read " + source.string(), failure ? failure.value() : errno);
    if (S_ISDIR(found.st_mode)) {
        std::vector<std::string> warnings;
        const auto folder = eif::read_directory(real, {}, warnings);
        if (!folder)
            return folder.error();
        if (auto added = put(path, directory(found.st_mode & 07777)); !added)
            return added;
        for (const auto& [name, node] : folder->entries())
            if (!is_cache(name))
                if (auto added = put(path + "/" + name, *node); !added)
                    return added;
        return {};
    }
    Node node;
    node.permissions = found.st_mode & 07777;
    node.content = eif::Content::below(
        root_, real.relative_path().string(),
        {found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size)});
    return put(path, std::move(node));
}

Result<void> Initramfs::add_program(const fs::path& source, const std::string& path) {
    const std::string place = path.empty() ? "usr/local/bin/" + source.filename().string() : path;
    if (auto added = add_file(source, place); !added)
        return added;
    const auto canonical = eif::canonical_path(place);
    if (!canonical)
        return canonical.error();
    tree_.locate(*canonical)->permissions = 0755;
    const auto libraries = libraries_of(source);
    if (!libraries)
        return libraries.error();
    for (const std::string& library : *libraries)
        if (auto added = add_file(library, library); !added)
            return added;
    return {};
}

Result<void> Initramfs::add_busybox() {
    for (const char* folder : {"/usr/bin/", "/bin/"}) {
        const std::string program = std::string(folder) + "busybox";
        std::error_code failure;
        if (!fs::exists(program, failure))
            continue;
        if (auto added = add_program(program, "usr/bin/busybox"); !added)
            return added;
        const auto applets = output_of({program, "--list"});
        if (!applets)
            return applets.error();
        std::istringstream names(*applets);
        for (std::string name; names >> name;)
            if (name != "busybox")
                if (auto added = put("usr/bin/" + name, symlink("/usr/bin/busybox")); !added)
                    return added;
        return {};
    }
    return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                 "no busybox here, which a guest starts with: install busybox-static");
}

Result<void> Initramfs::add_modules(std::vector<KernelModule> modules) {
    std::string order;
    for (KernelModule& module : modules) {
        if (auto added =
                add_text(fmt::format("glovebox/modules/{}.ko", module.name), as_text(module.elf));
            !added)
            return added;
        order += module.name + "\n";
    }
    return add_text("glovebox/modules.order", order);
}

Result<void> Initramfs::write(const fs::path& path) const {
    auto file = OutputFile::create(path);
    if (!file)
        return file.error();
    eif::CpioWriter cpio(*file);
    for (const auto& [name, node] : tree_.entries()) {
        eif::CpioEntry entry;
        entry.name = name;
        entry.mode = node->mode();
        entry.nlink = node->type == NodeType::directory ? 2 : 1;
        if (auto added = eif::add_node_to(cpio, std::move(entry), *node, name); !added)
            return added;
    }
    if (auto finished = cpio.finish(); !finished)
        return finished;
    return file->commit();
}

}  // namespace glovebox::vm
