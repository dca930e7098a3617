// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_report.h"

#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

WorldFile world_of_one() {
    WorldFile world;
    EnclavePart part;
    part.name = "server";
    part.label = "enclave/server";
    part.cid = 16;
    part.memory_mib = 512;
    world.enclaves.push_back(part);
    return world;
}

TimelineEntry of_log(const std::string& component, const std::string& event,
                     const std::string& message, boost::json::object fields = {}) {
    return {"2026-01-02T03:04:05.678Z", component, "enclave/server",
            LogLevel::warning,          event,     message,
            std::move(fields)};
}

TEST(WorldReport, HasEachEnclaveItsMeasurementsAndItsEnd) {
    WorldReport report(world_of_one());
    ASSERT_EQ(report.enclaves().size(), 1U);
    EXPECT_FALSE(report.enclaves().front().status);
    report.take(of_log("run", "measured", "PCR0 00", {{"pcr0", "00"}, {"pcr8", "88"}}));
    report.take(of_log("up", "restart", "again"));
    EXPECT_EQ(report.enclaves().front().cid, 16U);
    report.take(of_log("up", "restart", "again", {{"cid", 17}}));
    report.take(of_log("up", "ended", "ended", {{"status", 3}}));
    const auto& enclave = report.enclaves().front();
    EXPECT_EQ(enclave.name, "server");
    EXPECT_EQ(enclave.cid, 17U);
    EXPECT_EQ(enclave.memory_mib, 512U);
    EXPECT_EQ(enclave.pcrs, (std::map<std::string, std::string>{{"PCR0", "00"}, {"PCR8", "88"}}));
    EXPECT_EQ(enclave.restarts, 2U);
    EXPECT_EQ(enclave.status, 3);
}

TEST(WorldReport, ARefusalIsCountedWhateverTheClientsPort) {
    WorldReport report(world_of_one());
    report.take(of_log("proxy", "failed", "16:7 -> a:443 failed: no rule",
                       {{"peer", "16:7"}, {"target", "a:443"}}));
    report.take(of_log("proxy", "failed", "16:8 -> a:443 failed: no rule",
                       {{"peer", "16:8"}, {"target", "a:443"}}));
    report.take(of_log("run", "refused", "connection to 3:9 refused: nothing listens there"));
    report.take(of_log("kms", "refused", "Decrypt refused"));
    report.take(of_log("run", "failed", "no connection"));
    report.take(entry_of_output("enclave/server", "connection to 3:9 refused"));
    ASSERT_EQ(report.refusals().size(), 2U);
    EXPECT_EQ(report.refusals()[0].sentence, "16 -> a:443 failed: no rule");
    EXPECT_EQ(report.refusals()[0].times, 2U);
    EXPECT_EQ(report.refusals()[1].part, "enclave/server");
    for (std::size_t i = 0; i < WorldReport::refusals_max; ++i)
        report.take(of_log("proxy", "refused", std::to_string(i)));
    EXPECT_EQ(report.refusals().size(), WorldReport::refusals_max);
    EXPECT_EQ(report.further_refusals(), 2U);
}

}  // namespace
}  // namespace glovebox::up
