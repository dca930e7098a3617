// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/base/json_text.h"

namespace glovebox::enclave {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

EnclaveRecord running_server() {
    EnclaveRecord record;
    record.cid = 16;
    record.process = 4711;
    record.isolation = "sandbox";
    record.command = {"python3", "server.py"};
    record.memory_bytes = std::uint64_t{512} << 20;
    record.cpu_count = 2;
    return record;
}

TEST(Listing, ARowHasWhatIsKnownOfARunningEnclave) {
    const std::string table = list_as_table({{"/w", running_server()}});
    EXPECT_THAT(table,
                StartsWith("CID    WORLD STATE     ISOLATION  MEMORY CPUS      PID  STARTED"));
    EXPECT_THAT(table, HasSubstr("\n16     /w    running   sandbox   512 MiB    2     4711  "));
    EXPECT_THAT(table, EndsWith("  python3 server.py\n"));
}

TEST(Listing, OneThatIsUnpackedHasAProcess) {
    EnclaveRecord record = running_server();
    record.is_unpacking = true;
    record.directory = "app.eif";
    record.command.clear();
    const std::string table = list_as_table({{"/w", record}});
    EXPECT_THAT(table, HasSubstr("\n16     /w    unpacking sandbox   512 MiB    2     4711  "));
    EXPECT_THAT(table, EndsWith("  app.eif\n"));
}

TEST(Listing, AnEndedOneHasNoProcessAndSaysHowItEnded) {
    EnclaveRecord record = running_server();
    record.ended = 1;
    record.reason = "exited with 3";
    record.memory_bytes.reset();
    record.cpu_count.reset();
    record.directory = "/srv/root";
    const std::string table = list_as_table({{"/w", record}});
    EXPECT_THAT(table, HasSubstr("\n16     /w    ended     sandbox         -    -        -  "));
    EXPECT_THAT(table, EndsWith("  /srv/root:python3 server.py (exited with 3)\n"));
}

TEST(Listing, NamesDoNotSteerTheTerminal) {
    EnclaveRecord record = running_server();
    record.command = {"a\x1b[2J\nb"};
    EXPECT_THAT(list_as_table({{"/w", record}}), Not(HasSubstr("\x1b")));
    EXPECT_THAT(list_as_table({{"/w", record}}), Not(HasSubstr("\nb")));
}

TEST(Listing, JsonIsOneDocumentWithAnObjectForEach) {
    EXPECT_EQ(list_as_json(std::vector<ListedEnclave>{}), "[]\n");
    boost::json::object one = to_object(running_server());
    one["world"] = "/w";
    const ListedEnclave listed{"/w", running_server()};
    EXPECT_EQ(list_as_json(std::vector{listed, listed}),
              json_document(boost::json::array{one, one}));
}

}  // namespace
}  // namespace glovebox::enclave
