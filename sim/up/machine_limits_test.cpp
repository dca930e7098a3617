// SPDX-License-Identifier: Apache-2.0

#include "sim/up/machine_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

WorldFile world_for_machines() {
    WorldFile file;
    file.kms.emplace();
    ProxyPart proxy;
    proxy.label = "out";
    file.proxies.push_back(proxy);
    EnclavePart enclave;
    enclave.label = "app";
    file.enclaves.push_back(enclave);
    return file;
}

std::vector<std::string> sentences_of(const std::vector<NotRun>& not_run) {
    std::vector<std::string> sentences;
    for (const NotRun& one : not_run)
        sentences.push_back(sentence_of(one));
    return sentences;
}

TEST(LimitToMachines, LeavesFaultsOutAndSaysSo) {
    WorldFile file = world_for_machines();
    EXPECT_THAT(limit_to_machines(file), IsEmpty());
    file.faults.is_on = true;
    EXPECT_THAT(sentences_of(limit_to_machines(file)),
                ElementsAre("faults: not run, because they strike what runs on this machine and "
                            "its simulated AF_VSOCK"));
    EXPECT_FALSE(file.faults.is_on);
}

TEST(LimitToMachines, LeavesADatabaseOutAndSaysSo) {
    WorldFile file = world_for_machines();
    file.kms->database = "postgresql://db.example/keys";
    EXPECT_THAT(sentences_of(limit_to_machines(file)),
                ElementsAre("kms: database: not run, because virtual machines have no network"));
    EXPECT_EQ(file.kms->database, "");
}

TEST(LimitToMachines, NamesTheTargetsThatNeedANetwork) {
    WorldFile file = world_for_machines();
    ProxyPart& proxy = file.proxies.front();
    proxy.listen = {"8000=127.0.0.1:7000", "8001=kms.us-east-1.amazonaws.com:443",
                    "8002=a.example:443", "8003=b.example:443", "8004=connect"};
    proxy.resolve = {"b.example:443=127.0.0.1:7001"};
    proxy.allow = {"*.example.org:443", "a.example:443"};
    EXPECT_THAT(
        sentences_of(limit_to_machines(file)),
        ElementsAre("out: *.example.org:443: not run, because virtual machines have no network",
                    "out: a.example:443: not run, because virtual machines have no network"));
    file.kms.reset();
    EXPECT_THAT(limit_to_machines(file), SizeIs(3));
    proxy = {};
    proxy.vsock_proxy = {"8000", "c.example", "443"};
    EXPECT_THAT(limit_to_machines(file), SizeIs(1));
}

}  // namespace
}  // namespace glovebox::up
