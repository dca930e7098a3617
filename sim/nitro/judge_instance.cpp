// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "sim/nitro/instance.h"

namespace glovebox::nitro {
namespace {

using State = Finding::State;

// AWS's limit for one parent.
constexpr std::size_t enclaves_max = 4;
// The first with names of enclaves.
constexpr std::uint32_t version_least_minor = 1;

constexpr std::string_view restart_allocator =
    "sudo systemctl restart nitro-enclaves-allocator.service";
constexpr std::string_view allocator_file = "/etc/nitro_enclaves/allocator.yaml";

std::string join_group(const Instance& instance) {
    return fmt::format("sudo usermod -aG ne {}, and log in again", instance.user);
}

Finding driver_of(const Instance& instance) {
    const std::string subject = "driver";
    if (instance.driver == 0)
        return {State::yes, subject, "/dev/nitro_enclaves can be opened"};
    if (instance.driver == EACCES || instance.driver == EPERM)
        return {State::no, subject,
                fmt::format("{} may not open /dev/nitro_enclaves: the user is not in the group ne",
                            instance.user),
                join_group(instance)};
    return {State::no, subject,
            fmt::format("/dev/nitro_enclaves: {}: an instance has it if it was launched with "
                        "enclaves enabled",
                        errno_text(instance.driver)),
            "aws ec2 run-instances --enclave-options Enabled=true ..., and on the instance "
            "sudo modprobe nitro_enclaves"};
}

// Whether "1.5.0" is 1.1 or later.
bool is_new_enough(const std::string& version) {
    unsigned major = 0;
    unsigned minor = 0;
    return std::sscanf(version.c_str(), "%u.%u", &major, &minor) == 2 &&
           (major > 1 || (major == 1 && minor >= version_least_minor));
}

Finding nitro_cli_of(const Instance& instance) {
    const std::string subject = "nitro-cli";
    const std::string install =
        "sudo dnf install -y aws-nitro-enclaves-cli aws-nitro-enclaves-cli-devel";
    if (!instance.nitro_cli)
        return {State::no, subject, "PATH has no nitro-cli", install};
    if (instance.nitro_cli_is_own)
        return {State::no, subject,
                fmt::format("{} is Glovebox's own, which simulates enclaves", *instance.nitro_cli),
                "export PATH=/usr/bin:$PATH, where AWS's package has its nitro-cli"};
    if (!instance.version)
        return {State::no, subject, instance.version.error().message, install};
    if (!is_new_enough(*instance.version))
        return {State::no, subject,
                fmt::format("version {} has no names of enclaves: 1.1.0 or later is needed",
                            *instance.version),
                "sudo dnf upgrade -y aws-nitro-enclaves-cli"};
    if (instance.sockets != 0 || instance.logs != 0)
        return {
            State::no, subject,
            fmt::format("{} may not write to {}: {}", instance.user,
                        instance.sockets != 0 ? "/run/nitro_enclaves" : "/var/log/nitro_enclaves",
                        errno_text(instance.sockets != 0 ? instance.sockets : instance.logs)),
            join_group(instance)};
    if (!instance.running)
        return {State::no, subject, instance.running.error().message,
                "nitro-cli describe-enclaves, which says more"};
    return {State::yes, subject,
            fmt::format("version {}, {}", *instance.version, *instance.nitro_cli)};
}

Finding memory_of(const Instance& instance, std::uint64_t needed) {
    const std::string subject = "memory";
    if (instance.free_memory_mib >= needed)
        return {State::yes, subject,
                fmt::format("{} MiB of {} are free, and the world needs {}",
                            instance.free_memory_mib, instance.memory_mib, needed)};
    const std::uint64_t used = instance.memory_mib - instance.free_memory_mib;
    return {State::no, subject,
            fmt::format("{} MiB of huge pages are free of {}, and the world needs {}{}",
                        instance.free_memory_mib, instance.memory_mib, needed,
                        instance.allocator_memory_mib
                            ? fmt::format("; {} has memory_mib: {}", allocator_file,
                                          *instance.allocator_memory_mib)
                            : fmt::format("; {} has no memory_mib", allocator_file)),
            fmt::format("memory_mib: {} in {}, and {}", needed + used, allocator_file,
                        restart_allocator)};
}

Finding cpus_of(const Instance& instance, std::uint32_t needed, std::uint32_t used) {
    const std::string subject = "CPUs";
    const std::uint32_t free = instance.cpus > used ? instance.cpus - used : 0;
    if (free >= needed)
        return {
            State::yes, subject,
            fmt::format("{} of {} are free, and the world needs {}", free, instance.cpus, needed)};
    return {State::no, subject,
            fmt::format("{} of the pool's {} are free, and the world needs {}{}", free,
                        instance.cpus, needed,
                        instance.allocator_cpus
                            ? fmt::format("; {} has {}", allocator_file, *instance.allocator_cpus)
                            : ""),
            fmt::format("cpu_count: {} in {}, and {}", needed + used, allocator_file,
                        restart_allocator)};
}

void judge_enclave(const EnclaveNeed& enclave, const Instance& instance,
                   std::vector<Finding>& findings) {
    if (enclave.memory_mib < enclave.memory_least_mib)
        findings.push_back({State::no, enclave.label,
                            fmt::format("memory: {} is too little: nitro-cli needs four times "
                                        "the image, {} MiB (E26)",
                                        enclave.memory_mib, enclave.memory_least_mib),
                            fmt::format("memory: {} in the world file", enclave.memory_least_mib)});
    if (instance.has_two_threads && enclave.cpu_count % 2 != 0)
        findings.push_back({State::no, enclave.label,
                            fmt::format("cpus: {} is no number of whole cores, which have two "
                                        "CPUs each (E29)",
                                        enclave.cpu_count),
                            fmt::format("cpus: {} in the world file", enclave.cpu_count + 1)});
    for (const RunningEnclave& other : *instance.running)
        if (other.cid == enclave.cid)
            findings.push_back(
                {State::no, enclave.label,
                 fmt::format("CID {} is that of enclave {}, which runs", enclave.cid, other.name),
                 "nitro-cli terminate-enclave --enclave-id " + other.id});
}

}  // namespace

std::vector<Finding> judge(const Instance& instance, const std::vector<EnclaveNeed>& enclaves) {
    std::vector<Finding> findings{driver_of(instance), nitro_cli_of(instance)};
    std::uint64_t memory = 0;
    std::uint32_t cpus = 0;
    std::uint32_t used_cpus = 0;
    Instance known = instance;
    if (!known.running)
        known.running = std::vector<RunningEnclave>();
    for (const RunningEnclave& one : *known.running)
        used_cpus += one.cpu_count;
    for (const EnclaveNeed& one : enclaves) {
        memory += one.memory_mib;
        cpus += one.cpu_count;
    }
    findings.push_back(memory_of(instance, memory));
    findings.push_back(cpus_of(instance, cpus, used_cpus));
    if (const std::size_t all = enclaves.size() + known.running->size(); all > enclaves_max)
        findings.push_back(
            {State::no, "enclaves",
             fmt::format("{} would run at once, and an instance has at most {}", all, enclaves_max),
             known.running->empty()
                 ? "fewer enclaves in the world file"
                 : "nitro-cli terminate-enclave --all, which ends those that run"});
    for (const EnclaveNeed& one : enclaves)
        judge_enclave(one, known, findings);
    return findings;
}

}  // namespace glovebox::nitro
