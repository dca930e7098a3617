// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::nitro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using State = Finding::State;

Instance good_instance() {
    Instance instance;
    instance.user = "ec2-user";
    instance.nitro_cli = "/usr/bin/nitro-cli";
    instance.version = std::string("1.5.0");
    instance.cpus = 4;
    instance.has_two_threads = true;
    instance.memory_mib = 1024;
    instance.free_memory_mib = 1024;
    instance.allocator_memory_mib = 1024;
    instance.allocator_cpus = 4;
    return instance;
}

const EnclaveNeed need{"app", 16, 2, 512, 256};

// The findings that keep the world from starting.
std::vector<Finding> refused(const Instance& instance, const std::vector<EnclaveNeed>& needs) {
    std::vector<Finding> found = judge(instance, needs);
    std::erase_if(found, [](const Finding& one) { return one.state != State::no; });
    return found;
}

std::string only_refusal(const Instance& instance, const std::vector<EnclaveNeed>& needs) {
    const auto found = refused(instance, needs);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? "" : found.front().consequence + " | " + found.front().remedy;
}

TEST(JudgeInstance, FindsNothingWhereEverythingFits) {
    EXPECT_THAT(refused(good_instance(), {need, {"b", 17, 2, 512, 64}}), ElementsAre());
}

TEST(JudgeInstance, TellsAMissingDriverFromOneThatTheUserMayNotOpen) {
    Instance instance = good_instance();
    instance.driver = ENOENT;
    EXPECT_THAT(only_refusal(instance, {need}), HasSubstr("--enclave-options Enabled=true"));
    instance.driver = EACCES;
    EXPECT_THAT(only_refusal(instance, {need}),
                HasSubstr("not in the group ne | sudo usermod -aG ne ec2-user"));
}

TEST(JudgeInstance, WantsAWSsNitroCliThatKnowsNames) {
    Instance instance = good_instance();
    instance.nitro_cli.reset();
    EXPECT_THAT(only_refusal(instance, {need}), HasSubstr("sudo dnf install"));
    instance = good_instance();
    instance.nitro_cli_is_own = true;
    EXPECT_THAT(only_refusal(instance, {need}), HasSubstr("/usr/bin/nitro-cli is Glovebox's own"));
    instance = good_instance();
    instance.version = std::string("1.0.8");
    EXPECT_THAT(only_refusal(instance, {need}), HasSubstr("version 1.0.8"));
    instance = good_instance();
    instance.logs = EACCES;
    EXPECT_THAT(only_refusal(instance, {need}),
                HasSubstr("may not write to /var/log/nitro_enclaves: Permission denied"));
    instance = good_instance();
    instance.running = invalid_input("E07");
    EXPECT_THAT(only_refusal(instance, {need}), HasSubstr("E07"));
}

TEST(JudgeInstance, AddsUpMemoryAndCpusBesideWhatRuns) {
    Instance instance = good_instance();
    RunningEnclave other;
    other.name = "other";
    other.id = "i-1-enc2";
    other.cid = 20;
    other.cpu_count = 2;
    instance.running = std::vector{other};
    instance.free_memory_mib = 512;
    EXPECT_THAT(refused(instance, {need}), ElementsAre());
    const auto found = refused(instance, {need, {"b", 17, 2, 256, 64}});
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(found[0].consequence, HasSubstr("512 MiB of huge pages are free of 1024, and the "
                                                "world needs 768; "
                                                "/etc/nitro_enclaves/allocator.yaml has "
                                                "memory_mib: 1024"));
    EXPECT_THAT(found[0].remedy, HasSubstr("memory_mib: 1280 in"));
    EXPECT_THAT(found[1].consequence,
                HasSubstr("2 of the pool's 4 are free, and the world needs 4"));
    EXPECT_THAT(found[1].remedy, HasSubstr("cpu_count: 6 in"));
}

TEST(JudgeInstance, KnowsTheRulesOfOneEnclave) {
    Instance instance = good_instance();
    EXPECT_THAT(only_refusal(instance, {{"app", 16, 2, 128, 256}}),
                HasSubstr("memory: 128 is too little: nitro-cli needs four times the image, 256 "
                          "MiB (E26)"));
    EXPECT_THAT(only_refusal(instance, {{"app", 16, 3, 256, 64}}), HasSubstr("cpus: 4"));
    instance.has_two_threads = false;
    EXPECT_THAT(refused(instance, {{"app", 16, 3, 256, 64}}), ElementsAre());
    RunningEnclave other;
    other.name = "other";
    other.id = "i-1-enc2";
    other.cid = 16;
    instance.running = std::vector{other};
    EXPECT_THAT(only_refusal(instance, {need}),
                HasSubstr("CID 16 is that of enclave other, which runs | nitro-cli "
                          "terminate-enclave --enclave-id i-1-enc2"));
}

TEST(JudgeInstance, CountsFourEnclaves) {
    Instance instance = good_instance();
    instance.cpus = 20;
    std::vector<EnclaveNeed> needs;
    for (std::uint32_t cid = 16; cid < 21; ++cid)
        needs.push_back({"app", cid, 2, 64, 64});
    EXPECT_THAT(only_refusal(instance, needs), HasSubstr("5 would run at once"));
}

TEST(CountCpus, ReadsAListAsTheDriverWritesIt) {
    EXPECT_EQ(count_cpus("1,3-5"), 4U);
    EXPECT_EQ(count_cpus(""), 0U);
    EXPECT_EQ(count_cpus("5-3"), std::nullopt);
    EXPECT_EQ(count_cpus("a"), std::nullopt);
}

void write(const std::filesystem::path& path, const char* text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

TEST(Instance, IsReadFromItsFiles) {
    const TemporaryDirectory folder;
    const std::filesystem::path root = folder.path();
    write(root / "dev/nitro_enclaves", "");
    write(root / "sys/module/nitro_enclaves/parameters/ne_cpus", "2-5\n");
    write(root / "sys/devices/system/cpu/smt/active", "1\n");
    for (const char* const pages :
         {"node0/hugepages/hugepages-2048kB", "node1/hugepages/hugepages-1048576kB"}) {
        write(root / "sys/devices/system/node" / pages / "nr_hugepages", "3\n");
        write(root / "sys/devices/system/node" / pages / "free_hugepages", "1\n");
    }
    write(root / "etc/nitro_enclaves/allocator.yaml",
          "---\n# memory_mib: 1\nmemory_mib: 3078\ncpu_pool: \"2-5\"\n");
    const Instance instance = Instance::look(root, NitroCli("no-such-program"));
    EXPECT_EQ(instance.driver, 0);
    EXPECT_EQ(instance.nitro_cli, std::nullopt);
    EXPECT_EQ(instance.cpus, 4U);
    EXPECT_TRUE(instance.has_two_threads);
    EXPECT_EQ(instance.memory_mib, 3U * 2 + 3U * 1024);
    EXPECT_EQ(instance.free_memory_mib, 2U + 1024);
    EXPECT_EQ(instance.allocator_memory_mib, 3078U);
    EXPECT_EQ(instance.allocator_cpus, 4U);
    EXPECT_EQ(Instance::look(root / "none", NitroCli("no-such-program")).driver, ENOENT);
}

}  // namespace
}  // namespace glovebox::nitro
