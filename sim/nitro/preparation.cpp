// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/preparation.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/base/file_bytes.h"
#include "sim/nitro/instance.h"
#include "sim/nitro/key_policy.h"
#include "sim/nitro/role.h"
#include "sim/up/variables.h"
#include "sim/vm/captured.h"

namespace glovebox::nitro {

namespace fs = std::filesystem;

namespace {

using State = Finding::State;

constexpr std::uint32_t cpus_otherwise = 2;  // a whole core
constexpr std::size_t scene_bytes_max = 1024 * 1024;

std::string bytes_text(std::uint64_t bytes) {
    constexpr double mib = 1024.0 * 1024.0;
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / mib);
}

struct Images {
    std::vector<Finding> findings;
    std::vector<EnclaveNeed> needs;
    std::vector<AttestedEnclave> attested;
};

Images make_images(up::WorldFile& world, const ImagePlaces& places) {
    Images images;
    for (up::EnclavePart& enclave : world.enclaves) {
        const auto image = make_image(enclave, places);
        if (!image) {
            images.needs.push_back({enclave.label, enclave.cid,
                                    enclave.cpu_count.value_or(cpus_otherwise),
                                    enclave.memory_mib.value_or(0), 0});
            images.findings.push_back(
                {State::no, enclave.label, "no image: " + image.error().message,
                 fs::exists(places.blobs)
                     ? std::string()
                     : "sudo dnf install -y aws-nitro-enclaves-cli-devel, or NITRO_CLI_BLOBS"});
            continue;
        }
        const std::uint32_t least = memory_least(*image);
        enclave.eif = image->eif;
        enclave.root_fs.clear();
        enclave.command.clear();
        enclave.environment.clear();
        enclave.mounts.clear();
        enclave.egress = false;
        enclave.memory_mib = enclave.memory_mib.value_or(least);
        enclave.cpu_count = enclave.cpu_count.value_or(cpus_otherwise);
        images.findings.push_back({State::yes, enclave.label,
                                   fmt::format("image of {}, PCR0 {}", bytes_text(image->bytes),
                                               to_hex(image->pcrs.pcr0))});
        images.needs.push_back(
            {enclave.label, enclave.cid, *enclave.cpu_count, *enclave.memory_mib, least});
        images.attested.push_back({enclave.label, image->pcrs, enclave.debug});
    }
    return images;
}

Result<kms::Scene> scene_of(const up::WorldFile& world) {
    const auto read = [](const fs::path& path) -> Result<std::string> {
        const auto content = read_file_bytes(path.string(), scene_bytes_max);
        if (!content)
            return content.error();
        return std::string(as_text(*content));
    };
    if (!world.kms || world.kms->seed.empty())
        return kms::Scene();
    const fs::path seed = world.kms->seed;
    const auto text = read(seed);
    if (!text)
        return text.error();
    return kms::parse_scene(
        *text, seed.string(),
        {[&](const std::string& name) { return read(seed.parent_path() / name); },
         up::look_in_environment});
}

void add_programs(const up::WorldFile& world, std::vector<Finding>& findings) {
    const bool has_vsock_proxy =
        std::any_of(world.proxies.begin(), world.proxies.end(),
                    [](const auto& proxy) { return !proxy.vsock_proxy.empty(); });
    if (has_vsock_proxy && !vm::has_program("vsock-proxy"))
        findings.push_back({State::no, "vsock-proxy", "PATH has no vsock-proxy",
                            "sudo dnf install -y aws-nitro-enclaves-cli"});
    for (const char* const variable :
         {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_EC2_METADATA_SERVICE_ENDPOINT"})
        if (const char* const value = std::getenv(variable); value != nullptr && *value != '\0')
            findings.push_back(
                {State::limited, "environment",
                 fmt::format("{} leads the command to {}, not to AWS", variable, value),
                 fmt::format("unset {}", variable)});
}

}  // namespace

Result<std::vector<Finding>> prepare(up::WorldFile& world, const ImagePlaces& places,
                                     const NitroCli& nitro_cli) {
    const auto scene = scene_of(world);
    if (!scene)
        return scene.error();
    Images images = make_images(world, places);
    std::vector<Finding> findings = judge(Instance::look(instance_root(), nitro_cli), images.needs);
    findings.insert(findings.end(), images.findings.begin(), images.findings.end());
    add_programs(world, findings);
    if (!world.role_arn.empty())
        findings.push_back(judge_role(world.role_arn));
    if (world.kms) {
        const auto keys = read_key_policies(*scene, world.region, findings);
        const auto judged = judge_key_policies(keys, images.attested, *scene, world.role_arn);
        findings.insert(findings.end(), judged.begin(), judged.end());
    }
    return findings;
}

Result<void> terminate_left(const std::vector<std::string>& names, const NitroCli& nitro_cli) {
    const auto running = nitro_cli.describe();
    if (!running)
        return running.error();
    for (const RunningEnclave& one : *running)
        if (std::find(names.begin(), names.end(), one.name) != names.end())
            if (const auto done = nitro_cli.terminate(one.id); !done)
                return done.error();
    return {};
}

}  // namespace glovebox::nitro
