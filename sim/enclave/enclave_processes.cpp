// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/enclave_processes.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "core/base/file_bytes.h"
#include "sim/enclave/children.h"

namespace glovebox::enclave {
namespace {

// Whether a child of `glovebox run` is Glovebox's: it executes the same file, or one that nobody
// may ask for, as the sandbox's PID 1 does.
bool is_gloveboxs(pid_t child, pid_t run) {
    struct stat file {};
    struct stat file_of_run {};
    return ::stat(fmt::format("/proc/{}/exe", child).c_str(), &file) != 0 ||
           ::stat(fmt::format("/proc/{}/exe", run).c_str(), &file_of_run) != 0 ||
           (file.st_dev == file_of_run.st_dev && file.st_ino == file_of_run.st_ino);
}

// Whether it is PID 1 of a PID namespace: the last number of NSpid (proc(5)), which has others.
bool is_first_of_its_namespace(pid_t process) {
    const std::string status = read_system_text(fmt::format("/proc/{}/status", process));
    const auto begin = status.find("\nNSpid:");
    return begin != std::string::npos &&
           status.substr(begin + 1, status.find('\n', begin + 1) - begin - 1).ends_with("\t1");
}

}  // namespace

std::vector<EnclaveProcess> list_enclave_processes(const EnclaveRecord& record) {
    const auto descendants = list_descendants(record.process);
    // Asked for second, so that no child that begins meanwhile is among the descendants alone.
    const auto children = list_children(record.process);
    std::vector<EnclaveProcess> found;
    for (const pid_t process : descendants) {
        const bool is_child =
            std::find(children.begin(), children.end(), process) != children.end();
        if (!is_child || !is_gloveboxs(process, record.process))
            found.push_back({process, is_child && record.isolation == "sandbox" &&
                                          is_first_of_its_namespace(process)});
    }
    return found;
}

}  // namespace glovebox::enclave
