// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/nitro_rules.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/program_head.h"
#include "sim/eif/base/error.h"
#include "sim/eif/build/program_file.h"

namespace glovebox::eif {
namespace {

using NodePtr = FileTree::NodePtr;

constexpr std::string_view hosts_text =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";
constexpr const char* resolv_target = "/run/resolvconf/resolv.conf";

// Where AWS's init looks for a program without '/' in its name; the image's PATH plays no part.
constexpr std::array<std::string_view, 4> init_search_path{"sbin", "usr/sbin", "bin", "usr/bin"};
constexpr const char* init_search_path_text = "/sbin:/usr/sbin:/bin:/usr/bin";

// How many paths a warning names before it only counts.
constexpr std::size_t shown_max = 3;

NodePtr make_node(NodeType type, std::uint32_t permissions) {
    auto node = std::make_shared<Node>();
    node->type = type;
    node->permissions = permissions;
    node->implied = true;  // it has no time of its own
    return node;
}

NodePtr make_link(std::string target) {
    NodePtr node = make_node(NodeType::symlink, 0777);
    node->target = std::move(target);
    return node;
}

std::string listed(const std::vector<std::string>& paths) {
    std::string text;
    for (std::size_t i = 0; i < std::min(paths.size(), shown_max); ++i)
        text += fmt::format("{}/{}", i == 0 ? "" : ", ", paths[i]);
    if (paths.size() > shown_max)
        text += fmt::format(" and {} more", paths.size() - shown_max);
    return text;
}

std::string as_json(const std::vector<std::string>& items) {
    return json_text(boost::json::value_from(items));
}

Result<void> replace_files(FileTree& root, Warnings& warnings) {
    const auto has_content = [&root](std::string_view path) {
        const NodePtr node = root.locate(path);
        return node && node->type == NodeType::file && node->content.size() != 0;
    };
    for (const std::string_view path :
         {".dockerenv", "Dockerfile", "dev/console", "etc/hostname"}) {
        if (has_content(path))
            warnings.push_back(fmt::format("/{} is left out, as AWS's builder does", path));
        root.remove(path);
    }
    if (has_content("etc/hosts"))
        warnings.emplace_back(
            "/etc/hosts is replaced by a list of localhost, as AWS's builder does");
    NodePtr hosts = make_node(NodeType::file, 0644);
    hosts->content = Content::of(hosts_text);
    if (const auto put = root.put("etc/hosts", hosts); !put)
        return put.error();
    if (has_content("etc/resolv.conf"))
        warnings.push_back(
            fmt::format("/etc/resolv.conf becomes a link to {}, which does not exist, "
                        "as AWS's builder does",
                        resolv_target));
    return root.put("etc/resolv.conf", make_link(resolv_target));
}

Result<void> add_standard_entries(FileTree& root) {
    for (const std::string_view path : {"dev", "dev/pts", "dev/shm", "etc", "proc", "sys"})
        if (!root.locate(path))
            if (const auto put = root.put(path, make_node(NodeType::directory, 0755)); !put)
                return put.error();
    if (!root.locate("etc/mtab"))
        if (const auto put = root.put("etc/mtab", make_link("/proc/mounts")); !put)
            return put.error();
    for (const std::string_view path : {"dev", "run", "sys", "var", "proc", "tmp"})
        if (const auto put = root.put(path, make_node(NodeType::directory, 0755)); !put)
            return put.error();
    return {};
}

// The first name in byte order keeps the file. So the result does not depend on the order in which
// the tree was made.
Result<void> unlink_hard_links(FileTree& root, Warnings& warnings) {
    std::map<const Node*, std::string> first;
    std::vector<std::pair<std::string, std::string>> links;
    for (const auto& [path, node] : root.entries())
        if (node->type == NodeType::file && node.use_count() > 1)
            if (const auto [known, is_new] = first.emplace(node.get(), path); !is_new)
                links.emplace_back(path, known->second);
    std::vector<std::string> names;
    for (const auto& [path, target] : links) {
        const NodePtr file = root.find(path);
        NodePtr link = make_link(relative_to(target, path));
        link->uid = file->uid;
        link->gid = file->gid;
        link->mtime = file->mtime;
        if (const auto put = root.put(path, std::move(link)); !put)
            return put.error();
        names.push_back(path);
    }
    if (!names.empty())
        warnings.push_back(fmt::format(
            "hard links become symbolic links, as AWS's builder makes them: {}", listed(names)));
    return {};
}

void warn_of_capabilities(const FileTree& root, Warnings& warnings) {
    std::vector<std::string> lost;
    for (const auto& [path, node] : root.entries())
        if (node->has_capabilities)
            lost.push_back(path);
    if (!lost.empty())
        warnings.push_back("file capabilities are lost in an initramfs: " + listed(lost));
}

void warn_of_hidden_files(const FileTree& root, Warnings& warnings) {
    struct Mount {
        std::string_view folder;
        std::string_view what;
    };
    for (const Mount& mount :
         {Mount{"dev", "a devtmpfs"}, Mount{"proc", "proc"}, Mount{"run", "a tmpfs"},
          Mount{"sys", "sysfs"}, Mount{"tmp", "a tmpfs"}}) {
        std::vector<std::string> hidden;
        const std::string prefix = std::string(mount.folder) + "/";
        for (auto at = root.entries().lower_bound(prefix);
             at != root.entries().end() && at->first.starts_with(prefix); ++at)
            if (at->second->type != NodeType::directory)
                hidden.push_back(at->first);
        if (!hidden.empty())
            warnings.push_back(fmt::format("init mounts {} on /{}, which hides {}", mount.what,
                                           mount.folder, listed(hidden)));
    }
}

bool is_program(const FileTree& root, std::string_view path) {
    const auto place = root.resolve(path);
    const NodePtr node = place ? root.find(*place) : nullptr;
    return node && node->type == NodeType::file && (node->permissions & 0111) != 0;
}

// The place where the image's own PATH finds the program, which is where the image's author expects
// it.
std::string found_by_path(const FileTree& root, const std::string& program,
                          const std::vector<std::string>& environment) {
    for (const std::string& item : environment) {
        if (!item.starts_with("PATH="))
            continue;
        std::string_view rest = std::string_view(item).substr(5);
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(':'), rest.size());
            const std::string candidate = fmt::format("{}/{}", rest.substr(0, end), program);
            if (is_program(root, candidate))
                return candidate;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return {};
}

// The path of the program that init would run, or nothing with a warning why.
std::optional<std::string> find_program(const FileTree& root, const std::string& program,
                                        const std::vector<std::string>& environment,
                                        Warnings& warnings) {
    if (program.find('/') == std::string::npos) {
        for (const std::string_view folder : init_search_path)
            if (const std::string path = fmt::format("{}/{}", folder, program);
                is_program(root, path))
                return path;
        const std::string elsewhere = found_by_path(root, program, environment);
        warnings.push_back(
            fmt::format("init looks for \"{}\" in {} only, never in the image's PATH, and will end "
                        "with \"execvpe: {}: No such file or directory\"{}",
                        program, init_search_path_text, program,
                        elsewhere.empty() ? "" : ": write " + elsewhere + " in CMD"));
        return std::nullopt;
    }
    const auto place = root.resolve(program);
    const NodePtr node = place ? root.find(*place) : nullptr;
    if (!node) {
        warnings.push_back(fmt::format(
            "the program {} is not in the image{}: init will end with \"execvpe: {}: No such file "
            "or "
            "directory\"",
            program, program.starts_with('/') ? "" : " (init's folder is /, WORKDIR is ignored)",
            program));
        return std::nullopt;
    }
    if (node->type != NodeType::file || (node->permissions & 0111) == 0) {
        warnings.push_back(
            fmt::format("the program {} is not executable: init will end with \"execvpe: {}: "
                        "Permission denied\"",
                        program, program));
        return std::nullopt;
    }
    return program;
}

void warn_of_program(const FileTree& root, const std::string& path, Architecture architecture,
                     Warnings& warnings) {
    const std::string place = *root.resolve(path);
    for (const std::string_view folder : {"tmp/", "run/", "dev/", "proc/", "sys/"})
        if (place.starts_with(folder))
            warnings.push_back(
                fmt::format("the program /{} lies where init mounts another file "
                            "system: it will not be found",
                            place));
    const auto head = root.find(place)->content.head(program_head_bytes, place);
    if (!head)
        return;  // the build itself meets the same error
    if (const auto of = elf_architecture(*head); of && *of != architecture)
        warnings.push_back(fmt::format("the program /{} is for {}, the image for {}", place,
                                       to_string(*of), to_string(architecture)));
    if (std::string reason = explain_program_head(
            read_program_head(*head), "/" + place,
            [&root](const std::string& path) { return root.resolve(path).has_value(); },
            "in the image");
        !reason.empty())
        warnings.push_back(std::move(reason) +
                           ". init will end with \"execvpe: ...: No such file or directory\"");
}

}  // namespace

Result<void> apply_builder_rules(FileTree& root, Warnings& warnings) {
    warn_of_hidden_files(root, warnings);
    if (const auto done = replace_files(root, warnings); !done)
        return done.error();
    if (const auto done = add_standard_entries(root); !done)
        return done.error();
    warn_of_capabilities(root, warnings);
    return unlink_hard_links(root, warnings);
}

Result<std::vector<std::string>> command_of(const ContainerConfig& config, Warnings& warnings) {
    if (!config.cmd && !config.entrypoint)
        return Error(EifError::invalid_input,
                     "the image has neither CMD nor ENTRYPOINT, which nitro-cli refuses too "
                     "(UnsupportedEntryPoint): set one, or give --cmd");
    if (config.cmd && config.entrypoint && !config.entrypoint->empty())
        warnings.push_back(
            fmt::format("ENTRYPOINT {} is dropped because CMD {} is set, as AWS's builder does: "
                        "the two are never "
                        "joined. Put the whole command in CMD",
                        as_json(*config.entrypoint), as_json(*config.cmd)));
    if (!config.working_dir.empty() && config.working_dir != "/")
        warnings.push_back(
            fmt::format("WORKDIR {} is ignored: the program starts in /", config.working_dir));
    if (!config.user.empty() && config.user != "root" && config.user != "0" &&
        config.user != "0:0" && config.user != "root:root")
        warnings.push_back(
            fmt::format("USER {} is ignored: the program runs as root", config.user));
    return config.cmd ? *config.cmd : *config.entrypoint;
}

Result<std::string> lines_of(const std::vector<std::string>& items, std::string_view what,
                             Warnings& warnings) {
    std::string text;
    for (const std::string& item : items) {
        if (item.find('\0') != std::string::npos)
            return Error(EifError::invalid_input, fmt::format("{}: an item with a NUL", what));
        if (item.find('\n') != std::string::npos)
            warnings.push_back(
                fmt::format("{}: the item {} holds a newline and will be read as "
                            "several",
                            what, in_quotes(item)));
        if (item.empty())
            warnings.push_back(fmt::format("{}: an empty item becomes an empty line", what));
        text += item + "\n";
    }
    return text;
}

Warnings start_problems(const FileTree& root, const std::vector<std::string>& command,
                        const std::vector<std::string>& environment, Architecture architecture) {
    Warnings problems;
    if (const auto program =
            find_program(root, command.empty() ? "sh" : command.front(), environment, problems))
        warn_of_program(root, *program, architecture, problems);
    return problems;
}

void warn_of_init(const std::vector<std::string>& command,
                  const std::vector<std::string>& environment, Warnings& warnings) {
    if (command.empty())
        warnings.emplace_back("the command is empty: init runs \"sh\"");
    const bool has_path = environment.empty() ||
                          std::any_of(environment.begin(), environment.end(),
                                      [](const auto& item) { return item.starts_with("PATH="); });
    if (!has_path)
        warnings.emplace_back(
            "the environment has no PATH, and init adds none: the program sees exactly what is "
            "set");
}

void warn_of_python_times(const FileTree& root, std::int64_t mtime, Warnings& warnings) {
    // PEP 552: magic, flags (0: checked by time), time, size; each 4 bytes, little-endian.
    constexpr std::size_t head_size = 16;
    std::vector<std::string> stale;
    for (const auto& [path, node] : root.entries()) {
        if (node->type != NodeType::file || !path.ends_with(".pyc"))
            continue;
        const auto head = node->content.head(head_size, path);
        if (!head || head->size() < head_size)
            continue;
        const auto word = [&head](std::size_t at) {
            return static_cast<std::uint32_t>((*head)[at] | (*head)[at + 1] << 8 |
                                              (*head)[at + 2] << 16) |
                   static_cast<std::uint32_t>((*head)[at + 3]) << 24;
        };
        if (word(4) == 0 && word(8) != static_cast<std::uint32_t>(mtime))
            stale.push_back(path);
    }
    if (!stale.empty())
        warnings.push_back(fmt::format(
            "compiled Python files carry the time of their source, and all times are set to one: "
            "Python will compile {} anew at each start. Keep times with --mtime keep, or compile "
            "with "
            "--invalidation-mode unchecked-hash",
            listed(stale)));
}

}  // namespace glovebox::eif
