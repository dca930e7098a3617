// SPDX-License-Identifier: Apache-2.0

// The settings of an enclave's kernel that its root writes: /proc/sys/vm, fs and kernel, and those
// of transparent huge pages.
//
// Here they are the machine's, and nobody in an enclave changes them. A program that writes one
// gets a file in memory in its place, and whoever in the enclave reads the setting afterwards finds
// there what was written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"
#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"

namespace glovebox::supervisor {

class KernelSettings {
  public:
    // What is given by reference outlives it.
    KernelSettings(const EnclaveRoot& root, Notices& notices) : root_(root), notices_(notices) {}

    // The setting that a path may be, judged by its text alone: the path without what repeats
    // itself ("//", "/./"), so that each setting has one name. Nothing for other paths.
    [[nodiscard]] static std::optional<std::string> named_by(std::string_view path);

    // The answers to an open of a setting with these flags, and to access(2) with this mode.
    // Empty where the kernel is to answer: it lets the program write, or no write was made.
    [[nodiscard]] std::optional<SyscallReply> open(pid_t thread, const std::string& path,
                                                   int flags);
    [[nodiscard]] std::optional<SyscallReply> access(pid_t thread, const std::string& path,
                                                     int mode);

  private:
    struct Setting {
        std::string machines;  // this machine's value, as its file has it
        std::string value;     // the enclave's, likewise; empty: nobody has set one
        UniqueFd written;      // where the last one to open it for writing writes
    };
    [[nodiscard]] bool may_write(pid_t thread, const std::string& path) const;
    void take_value(const std::string& path, Setting& setting);

    const EnclaveRoot& root_;
    Notices& notices_;
    std::map<std::string, Setting> settings_;
};

// What the file of a setting has after somebody wrote `written` to it, and `before` until then.
// Empty where a kernel refuses the text: no number in place of a number, no choice of those given.
[[nodiscard]] std::string setting_after(std::string_view before, std::string_view written);

}  // namespace glovebox::supervisor
