// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/stop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::enclave {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

std::vector<EnclaveRecord> three_enclaves() {
    std::vector<EnclaveRecord> records(3);
    records[0].cid = 16;
    records[1].cid = 17;
    records[1].ended = 1;
    records[2].cid = 18;
    return records;
}

TEST(ChooseRunning, ByDefaultAreAllThatRun) {
    const auto choice = choose_running(three_enclaves());
    EXPECT_THAT(choice.chosen,
                ElementsAre(Field(&EnclaveRecord::cid, 16), Field(&EnclaveRecord::cid, 18)));
    EXPECT_THAT(choice.absent, IsEmpty());
}

TEST(ChooseRunning, EndedEnclavesAndUnknownOnesAreAbsent) {
    const auto choice = choose_running(three_enclaves(), {18, 17, 99});
    EXPECT_THAT(choice.chosen, ElementsAre(Field(&EnclaveRecord::cid, 18)));
    EXPECT_THAT(choice.absent, ElementsAre(17, 99));
}

}  // namespace
}  // namespace glovebox::enclave
