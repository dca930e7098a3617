// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/mock_nsm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <set>
#include <thread>

#include "core/cbor/encoder.h"
#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/testing/mock_module.h"

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;
using test::MockModule;
using test::module_config;
using test::module_time;

TEST(MockNsm, DescribesItselfAsTheRealModule) {
    MockModule module;
    const auto description = module.client.describe_nsm().value();
    EXPECT_EQ(description.digest, "SHA384");
    EXPECT_EQ(description.max_pcrs, 32);
    EXPECT_EQ(description.module_id, "i-07e25f3bada361dec-enc018bcfe56800a785");
    EXPECT_EQ(description.version_major, 1);
    EXPECT_EQ(description.version_minor, 0);
    EXPECT_EQ(description.version_patch, 0);
    std::vector<PcrIndex> platform(16);
    std::iota(platform.begin(), platform.end(), PcrIndex{0});
    EXPECT_EQ(description.locked_pcrs, platform);
}

TEST(MockNsm, BootsWithPcr0To2Of3OfTheRoleAnd4OfTheInstance) {
    MockNsmConfig config = module_config();
    config.role_arn = "arn:aws:iam::123456789012:role/enclave";
    MockModule module(config);
    EXPECT_EQ(module.client.describe_pcr(0)->data, Bytes(48, 0x10));
    EXPECT_EQ(module.client.describe_pcr(1)->data, Bytes(48, 0x11));
    EXPECT_EQ(module.client.describe_pcr(2)->data, Bytes(48, 0x12));
    EXPECT_EQ(to_hex(module.client.describe_pcr(3)->data),
              to_hex(extended(Pcr{}, as_bytes("arn:aws:iam::123456789012:role/enclave"))));
    EXPECT_EQ(to_hex(module.client.describe_pcr(4)->data).substr(0, 16), "7021a47677bff47b");
    for (PcrIndex index = 5; index < 32; ++index) {
        const auto pcr = module.client.describe_pcr(index).value();
        EXPECT_EQ(pcr.data, Bytes(48)) << index;
        EXPECT_EQ(pcr.lock, index < 16) << index;
    }
}

TEST(MockNsm, Pcr3IsZeroWithoutARoleAndPcr8IsTheSigningCertificates) {
    MockNsmConfig config = module_config();
    config.measurements.pcr8.emplace().fill(0x18);
    MockModule module(config);
    EXPECT_EQ(module.client.describe_pcr(3)->data, Bytes(48));
    EXPECT_EQ(module.client.describe_pcr(8)->data, Bytes(48, 0x18));
}

TEST(MockNsm, DebugModeZeroesTheMeasurementsAndKeepsPcr3And4) {
    MockNsmConfig config = module_config();
    config.role_arn = "arn:aws:iam::123456789012:role/enclave";
    config.measurements.pcr8.emplace().fill(0x18);
    config.debug = true;
    MockModule module(config);
    for (const PcrIndex index : {0, 1, 2, 8})
        EXPECT_EQ(module.client.describe_pcr(index)->data, Bytes(48)) << index;
    EXPECT_NE(module.client.describe_pcr(3)->data, Bytes(48));
    EXPECT_NE(module.client.describe_pcr(4)->data, Bytes(48));
    EXPECT_TRUE(module.document().is_debug());
}

// The sequence that AWS's own test of the hardware (nsm-check) goes through.
TEST(MockNsm, PassesWhatAwsChecksTheRealModuleWith) {
    MockModule module;
    NsmClient& client = module.client;
    for (PcrIndex index = 0; index < 16; ++index)
        EXPECT_EQ(client.lock_pcr(index).error().code, NsmError::read_only_index);
    for (int round = 0; round < 10; ++round)
        for (PcrIndex index = 16; index < 32; ++index)
            EXPECT_NE(client.extend_pcr(index, Bytes{1, 2, 3}).value(), Bytes(48));
    for (PcrIndex index = 16; index < 32; ++index)
        EXPECT_TRUE(client.lock_pcr(index));
    EXPECT_TRUE(client.lock_pcrs(32));
    EXPECT_FALSE(client.lock_pcrs(33));
    for (PcrIndex index = 0; index < 32; ++index) {
        EXPECT_EQ(client.extend_pcr(index, Bytes{1}).error().code, NsmError::read_only_index);
        EXPECT_TRUE(client.describe_pcr(index)->lock);
    }
    const Bytes data(1024, 128);
    EXPECT_TRUE(client.attest({}));
    EXPECT_TRUE(client.attest({.user_data = data}));
    EXPECT_TRUE(client.attest({.user_data = data, .nonce = data}));
    EXPECT_TRUE(client.attest({.user_data = data, .nonce = data, .public_key = data}));
    std::set<Bytes> seen;
    for (int i = 0; i < 16; ++i) {
        const Bytes random = client.get_random().value();
        EXPECT_EQ(random.size(), 256u);
        EXPECT_TRUE(seen.insert(random).second);
    }
}

TEST(MockNsm, IndicesBeyondTheLastAreInvalidAndWideOnesNoRequest) {
    MockModule module;
    for (const PcrIndex index : {32, 255, 256, 65535}) {
        EXPECT_EQ(module.client.describe_pcr(index).error().code, NsmError::invalid_index);
        EXPECT_EQ(module.client.extend_pcr(index, {}).error().code, NsmError::invalid_index);
        EXPECT_EQ(module.client.lock_pcr(index).error().code, NsmError::invalid_index);
        EXPECT_EQ(module.client.lock_pcrs(index == 32 ? 33 : index).error().code,
                  NsmError::invalid_index);
    }
    cbor::Encoder request;
    request.map(1).text("DescribePCR").map(1).text("index").unsigned_integer(65536);
    EXPECT_EQ(module.device.process(request.encoded()),
              encode_response(NsmError::invalid_operation));
}

TEST(MockNsm, ARequestThatIsTooLargeOrNoneIsAnsweredAndChangesNothing) {
    MockModule module;
    const auto before = module.client.describe_pcr(16).value().data;
    EXPECT_EQ(module.device.process(Bytes(request_bytes_max + 1)),
              encode_response(NsmError::input_too_large));
    for (const Bytes& bytes : {Bytes{}, Bytes{0xff}, Bytes(request_bytes_max, 0x9f),
                               Bytes(request_bytes_max, 0xa1), Bytes{0x5b, 0xff, 0xff, 0xff, 0xff}})
        EXPECT_EQ(module.device.process(bytes), encode_response(NsmError::invalid_operation));
    EXPECT_EQ(module.client.describe_pcr(16).value().data, before);
}

TEST(MockNsm, ADocumentHasTheFieldsOfItsRequestAndTheLockedPcrsAlone) {
    MockModule module;
    ASSERT_TRUE(module.client.extend_pcr(16, as_bytes("seen")));
    ASSERT_TRUE(module.client.extend_pcr(17, as_bytes("unseen")));
    ASSERT_TRUE(module.client.lock_pcr(16));
    const AttestationDocument document = module.document({.user_data = Bytes{}, .nonce = Bytes{9}});
    EXPECT_EQ(document.module_id, "i-07e25f3bada361dec-enc018bcfe56800a785");
    EXPECT_EQ(document.timestamp, module_time);
    EXPECT_EQ(document.user_data, Bytes{});
    EXPECT_EQ(document.nonce, Bytes{9});
    EXPECT_EQ(document.public_key, std::nullopt);
    EXPECT_EQ(document.cabundle.size(), 4u);
    ASSERT_EQ(document.pcrs.size(), 17u);
    EXPECT_EQ(document.pcrs.at(16), extended(Pcr{}, as_bytes("seen")));
    EXPECT_FALSE(document.pcrs.contains(17));
}

TEST(MockNsm, ItsDocumentIsVerifiedWithItsRoot) {
    MockModule module;
    const Bytes document = module.client.attest({.nonce = Bytes{1, 2, 3}}).value();
    Policy policy;
    policy.nonce = Bytes{1, 2, 3};
    policy.pcrs[0].fill(0x10);
    const auto verified = verify_document(document, module.root, module.clock.now(), policy);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->root().name(), "mock");
    EXPECT_TRUE(verified->warnings().empty());
}

TEST(MockNsm, ThePayloadIsDefiniteOrOnRequestIndefinite) {
    MockNsmConfig config = module_config();
    for (const auto& [form, first, last] :
         {std::tuple(PayloadForm::definite, 0xa9, 0xf6), {PayloadForm::indefinite, 0xbf, 0xff}}) {
        config.payload_form = form;
        MockModule module(config);
        const Bytes document = module.client.attest().value();
        const Bytes payload = CoseSign1::decode(document).value().payload;
        EXPECT_EQ(payload.front(), first);
        EXPECT_EQ(payload.back(), last);
        EXPECT_TRUE(verify_document(document, module.root, module_time));
    }
}

TEST(MockNsm, StrictLimitsRefuseWhatStrictVerifiersWould) {
    MockNsmConfig config = module_config();
    config.field_limits = FieldLimits::strict;
    MockModule module(config);
    EXPECT_TRUE(module.client.attest(
        {.user_data = Bytes(512), .nonce = Bytes(512), .public_key = Bytes(1024)}));
    EXPECT_EQ(module.client.attest({.public_key = Bytes{}}).error().code,
              NsmError::invalid_argument);
    EXPECT_EQ(module.client.attest({.user_data = Bytes(513)}).error().code,
              NsmError::invalid_argument);
    EXPECT_EQ(module.client.attest({.nonce = Bytes(513)}).error().code, NsmError::invalid_argument);
    EXPECT_EQ(module.client.attest({.public_key = Bytes(1025)}).error().code,
              NsmError::invalid_argument);
}

class KeptLog final : public Log {
  public:
    void write(const LogLine& line) override { lines.push_back(line); }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }

    std::vector<LogLine> lines;
};

// "bytes_sent" and the like; -1 where the line lacks it.
long long number_of(const LogLine& line, std::string_view name) {
    for (const auto& field : line.fields)
        if (field.name == name)
            return std::stoll(field.value.as_json());
    return -1;
}

TEST(MockNsm, LogsEachRequestWithTheBytesOfBothMessagesAndThenItsRefusal) {
    KeptLog log;
    MockModule module(module_config(), log);
    const Bytes random = module.client.get_random().value();
    ASSERT_TRUE(module.client.lock_pcr(16));
    ASSERT_FALSE(module.client.lock_pcr(16));
    ASSERT_EQ(log.lines.size(), 4u);
    EXPECT_EQ(log.lines[0].message, "NSM GetRandom");
    EXPECT_EQ(number_of(log.lines[0], "bytes_sent"),
              std::ssize(encode_request(request::GetRandom{})));
    EXPECT_EQ(number_of(log.lines[0], "bytes_received"),
              std::ssize(encode_response(response::GetRandom{random})));
    EXPECT_EQ(number_of(log.lines[1], "bytes_received"),
              std::ssize(encode_response(response::LockPcr{})));
    EXPECT_EQ(number_of(log.lines[2], "bytes_received"),
              std::ssize(encode_response(NsmError::read_only_index)));
    EXPECT_THAT(log.lines[3].message, testing::StartsWith("NSM answers ReadOnlyIndex"));
}

class WarningCount final : public Log {
  public:
    void write(const LogLine& line) override {
        if (line.level == LogLevel::warning)
            warnings.push_back(line.message);
    }
    [[nodiscard]] bool wants(LogLevel level) const override { return level >= LogLevel::warning; }

    std::vector<std::string> warnings;
};

TEST(MockNsm, LenientLimitsWarnOnceOfWhatStrictVerifiersRefuse) {
    WarningCount log;
    MockModule module(module_config(), log);
    EXPECT_TRUE(module.client.attest(
        {.user_data = Bytes(512), .nonce = Bytes(512), .public_key = Bytes(1024)}));
    EXPECT_THAT(log.warnings, testing::IsEmpty());
    EXPECT_TRUE(module.client.attest({.user_data = Bytes(513)}));
    EXPECT_TRUE(module.client.attest({.nonce = Bytes(513)}));
    ASSERT_EQ(log.warnings.size(), 1u);
    EXPECT_THAT(log.warnings.front(), testing::HasSubstr("user_data or nonce above 512 bytes"));
}

TEST(MockNsm, LenientLimitsTakeWhatARequestCanCarryAndTheAnswerFits) {
    MockModule module;
    ASSERT_TRUE(module.client.lock_pcrs(32));
    const Bytes document = module.client.attest({.public_key = Bytes(4000)}).value();
    EXPECT_LE(encode_response(response::Attestation{document}).size(), response_bytes_max);
    const auto verified = verify_document(document, module.root, module_time);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_THAT(verified->warnings(), testing::ElementsAre(testing::HasSubstr("4000 bytes")));
}

TEST(MockNsm, TheLeafIsKeptAndReplacedAQuarterOfAnHourBeforeItEnds) {
    MockModule module;
    const Bytes first = module.document().certificate;
    module.clock.set(module_time + 2h + 44min);
    EXPECT_EQ(module.document().certificate, first);
    module.clock.set(module_time + 2h + 46min);
    const Bytes second = module.document().certificate;
    EXPECT_NE(second, first);
    EXPECT_TRUE(verify_document(module.client.attest().value(), module.root, module.clock.now()));
    // Months on, every certificate but the root has been renewed, and documents still verify.
    module.clock.advance(std::chrono::days(100));
    EXPECT_TRUE(verify_document(module.client.attest().value(), module.root, module.clock.now()));
}

TEST(MockNsm, AClockSetBackGetsALeafOfThatTime) {
    MockModule module;
    ASSERT_TRUE(module.client.attest());
    module.clock.set(module_time - std::chrono::days(400));
    EXPECT_TRUE(verify_document(module.client.attest().value(), module.root, module.clock.now()));
}

TEST(MockNsm, NinetyThreadsUseOneDevice) {
    MockModule module;
    std::vector<std::thread> threads;
    threads.reserve(90);
    std::atomic<int> attested = 0;
    std::atomic<int> refused = 0;
    for (int i = 0; i < 90; ++i)
        threads.emplace_back([&module, &attested, &refused, i] {
            const auto index = static_cast<PcrIndex>(16 + i % 16);
            for (int round = 0; round < 5; ++round) {
                EXPECT_EQ(module.client.get_random()->size(), 256u);
                EXPECT_TRUE(module.client.extend_pcr(index, Bytes{1}));
                EXPECT_TRUE(module.client.describe_nsm());
                if (!module.client.lock_pcr(3))
                    ++refused;
            }
            const auto document = module.client.attest({.nonce = Bytes{1}});
            if (document && verify_document(*document, module.root, module_time))
                ++attested;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(attested, 90);
    EXPECT_EQ(refused, 450);
    // No extension was lost: PCR16 was extended by the six threads 0, 16, ..., 80, five times each.
    Pcr expected{};
    for (int i = 0; i < 30; ++i)
        expected = extended(expected, Bytes{1});
    EXPECT_EQ(to_hex(module.client.describe_pcr(16)->data), to_hex(expected));
}

TEST(MockNsm, ABankThatWasKeptGoesOnWhereItWas) {
    MockModule first;
    ASSERT_TRUE(first.client.extend_pcr(16, as_bytes("a")));
    ASSERT_TRUE(first.client.lock_pcr(16));
    MockNsm second(module_config(), first.device.pcrs(), first.authority, first.clock, first.random,
                   null_log());
    NsmClient client(second);
    EXPECT_EQ(client.describe_pcr(16)->data, first.client.describe_pcr(16)->data);
    EXPECT_TRUE(client.describe_pcr(16)->lock);
}

}  // namespace
}  // namespace glovebox::nsm
