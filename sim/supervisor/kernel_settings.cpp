// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/kernel_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "core/base/file_bytes.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr std::array<std::string_view, 4> folders{
    "/proc/sys/vm/", "/proc/sys/fs/", "/proc/sys/kernel/", "/sys/kernel/mm/transparent_hugepage/"};
// The UTS namespace is the enclave's own: what is written there would have to be its name.
constexpr std::array<std::string_view, 2> names_of_host{"/proc/sys/kernel/hostname",
                                                        "/proc/sys/kernel/domainname"};
// A kernel takes any number of pages, and says afterwards how many it has found.
constexpr std::string_view huge_pages = "/proc/sys/vm/nr_hugepages";
constexpr std::size_t settings_max = 1024;
constexpr std::size_t text_bytes_max = 4096;  // the kernel takes no longer one

bool opens_for_writing(int flags) {
    return (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

std::string host_name(pid_t thread, const std::string& path) {
    return fmt::format("/proc/{}/root{}", thread, path);
}

// "vm.max_map_count", or the path of what sysctl(8) doesn't name.
std::string setting_name(const std::string& path) {
    constexpr std::string_view start = "/proc/sys/";
    if (!path.starts_with(start))
        return path;
    std::string name = path.substr(start.size());
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
}

std::string_view first_line_of(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
        text.remove_suffix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
        text.remove_prefix(1);
    return text;
}

bool is_numeric(std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of("0123456789-+xabcdefABCDEF \t") == std::string_view::npos;
}

std::string read_whole(int file) {
    std::string text(text_bytes_max, '\0');
    const ssize_t bytes = ::pread(file, text.data(), text.size(), 0);
    text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return text;
}

// A file in memory with this text, opened with these flags.
OrErrno<UniqueFd> memory_file(const std::string& path, std::string_view text, int flags,
                              UniqueFd& kept) {
    const std::string name = path.substr(path.rfind('/') + 1);
    kept.reset(::memfd_create(name.c_str(), MFD_CLOEXEC));
    if (!kept ||
        ::pwrite(kept.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return Errno{errno};
    UniqueFd opened(::open(fmt::format("/proc/self/fd/{}", kept.get()).c_str(),
                           (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) | O_CLOEXEC));
    if (!opened)
        return Errno{errno};
    return opened;
}

SyscallReply give_file(OrErrno<UniqueFd> file, int flags) {
    return file ? SyscallReply::install(std::move(*file), (flags & O_CLOEXEC) != 0)
                : SyscallReply::error(to_int(file.error()));
}

}  // namespace

std::string setting_after(std::string_view before, std::string_view written) {
    const std::string_view value = first_line_of(written);
    const std::string_view old = first_line_of(before);
    if (old.find('[') == std::string_view::npos) {
        const bool is_right = is_numeric(value) || !is_numeric(old);
        return is_right ? fmt::format("{}\n", value) : std::string();
    }
    // "always [madvise] never": a choice.
    std::string text;
    bool is_choice = false;
    for (std::string_view rest = old; !rest.empty();) {
        std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (word.starts_with('[') && word.ends_with(']'))
            word = word.substr(1, word.size() - 2);
        is_choice = is_choice || word == value;
        const bool is_it = word == value;
        text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", is_it ? "[" : "", word,
                            is_it ? "]" : "");
    }
    return is_choice ? text + "\n" : std::string();
}

std::optional<std::string> KernelSettings::named_by(std::string_view path) {
    if (!path.starts_with('/') || path.ends_with('/') || path.ends_with("/."))
        return std::nullopt;
    std::string name;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(part.size());
        const bool is_first = name.empty() && !part.empty() && part != ".";
        if (part == ".." || (is_first && part != "proc" && part != "sys"))
            return std::nullopt;
        if (!part.empty() && part != ".")
            name.append("/").append(part);
    }
    const bool is_in_folder =
        std::any_of(folders.begin(), folders.end(),
                    [&](std::string_view folder) { return name.starts_with(folder); });
    const bool is_setting = is_in_folder && std::find(names_of_host.begin(), names_of_host.end(),
                                                      name) == names_of_host.end();
    return is_setting ? std::optional(std::move(name)) : std::nullopt;
}

// An enclave's root could, and the kernel here does not let the program.
bool KernelSettings::may_write(pid_t thread, const std::string& path) const {
    struct stat status {};
    struct statvfs file_system {};
    const std::string file = host_name(thread, path);
    const auto writer = read_thread_status(thread);
    if (!writer || !root_.is_root(thread, *writer) || ::stat(file.c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode) || (status.st_mode & S_IWUSR) == 0 ||
        ::statvfs(file.c_str(), &file_system) != 0)
        return false;
    return (file_system.f_flag & ST_RDONLY) != 0 || status.st_uid != writer->users.effective;
}

void KernelSettings::take_value(const std::string& path, Setting& setting) {
    if (!setting.written || path.starts_with(huge_pages))
        return;
    const std::string written = read_whole(setting.written.get());
    if (written.empty() || written == setting.value)
        return;
    const std::string& before = setting.value.empty() ? setting.machines : setting.value;
    std::string after = setting_after(before, written);
    if (!after.empty())
        setting.value = std::move(after);
    else
        notices_.tell(LogLevel::warning, path + " mistaken", "root_call",
                      "the program has written \"{}\" to {}, where an enclave's kernel has \"{}\" "
                      "and refuses it (EINVAL); here the write succeeded, and has no effect",
                      first_line_of(written), setting_name(path), first_line_of(before));
}

std::optional<SyscallReply> KernelSettings::open(pid_t thread, const std::string& path, int flags) {
    const auto found = settings_.find(path);
    if (!opens_for_writing(flags)) {
        if (found == settings_.end() || (flags & O_PATH) != 0)
            return std::nullopt;
        take_value(path, found->second);
        if (found->second.value.empty())
            return std::nullopt;
        UniqueFd kept;
        return give_file(memory_file(path, found->second.value, flags, kept), flags);
    }
    if (!may_write(thread, path) || (found == settings_.end() && settings_.size() >= settings_max))
        return std::nullopt;
    Setting& setting = settings_[path];
    if (setting.machines.empty())
        setting.machines = read_system_text(path);
    take_value(path, setting);
    const std::string shown = setting.value.empty() ? setting.machines : setting.value;
    notices_.tell(LogLevel::info, path, "root_call",
                  "the program sets {}, as an enclave's root may, and reads back what it wrote; "
                  "this machine's is and stays \"{}\"",
                  setting_name(path), first_line_of(setting.machines));
    const bool reads = (flags & O_ACCMODE) == O_RDWR;
    return give_file(memory_file(path, reads ? shown : std::string(), flags, setting.written),
                     flags);
}

std::optional<SyscallReply> KernelSettings::access(pid_t thread, const std::string& path,
                                                   int mode) {
    if ((mode & W_OK) == 0 || (mode & X_OK) != 0 || !may_write(thread, path))
        return std::nullopt;
    return SyscallReply::value(0);
}

}  // namespace glovebox::supervisor
