// SPDX-License-Identifier: Apache-2.0

#include "core/egress/dns_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox::core {
namespace {

using DnsPacket = std::vector<std::uint8_t>;

// A query of one question, as glibc writes it.
DnsPacket dns_query(std::string_view name, std::uint16_t type, std::uint16_t klass = 1) {
    DnsPacket packet{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        packet.push_back(static_cast<std::uint8_t>(label.size()));
        packet.insert(packet.end(), label.begin(), label.end());
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    packet.insert(packet.end(),
                  {0, static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0,
                   static_cast<std::uint8_t>(klass)});
    return packet;
}

DnsPacket with_opt(DnsPacket packet, std::uint8_t version = 0) {
    packet[11] = 1;
    packet.insert(packet.end(), {0, 0, 41, 0x10, 0, 0, version, 0, 0, 0, 0});
    return packet;
}

DnsStatus dns_status(const DnsPacket& answer) {
    return static_cast<DnsStatus>(answer.at(3) & 0x0f);
}

class DnsAnswerTest : public testing::Test {
  protected:
    DnsPacket answer(const DnsPacket& asked) {
        const auto query = DnsQuery::read(asked);
        if (!query)
            return {};
        const auto& question = query->question();
        if (!question)
            return query->answer();
        asked_.push_back(question->name.text() + (question->is_ipv6 ? " AAAA" : " A"));
        return query->answer(
            {.status = status_, .address = question->is_ipv6 ? given_v6_ : given_});
    }

    DnsStatus status_ = DnsStatus::no_error;
    std::optional<IpAddress> given_ = boost::asio::ip::make_address("198.18.0.2");
    std::optional<IpAddress> given_v6_;
    std::vector<std::string> asked_;
};

TEST_F(DnsAnswerTest, ANameHasItsAddress) {
    const DnsPacket asked = dns_query("example.com", 1);
    DnsPacket expected = asked;
    expected[2] = 0x81;  // a response; recursion was desired
    expected[3] = 0x80;  // and is available
    expected[7] = 1;
    expected.insert(expected.end(), {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 198, 18, 0, 2});
    EXPECT_EQ(answer(asked), expected);
    EXPECT_THAT(asked_, testing::ElementsAre("example.com A"));
}

TEST_F(DnsAnswerTest, ANameIsAskedForInLowerCaseAndAnsweredAsItWasWritten) {
    const DnsPacket given = answer(dns_query("eXaMpLe.COM", 1));
    EXPECT_THAT(asked_, testing::ElementsAre("example.com A"));
    EXPECT_THAT(std::string(given.begin(), given.end()), testing::HasSubstr("eXaMpLe"));
}

TEST_F(DnsAnswerTest, OtherTypesAndMissingFamiliesAreEmptyAnswers) {
    for (const std::uint16_t type : {28, 65, 64, 15, 16, 33, 12}) {
        const DnsPacket given = answer(dns_query("example.com", type));
        EXPECT_EQ(dns_status(given), DnsStatus::no_error) << type;
        EXPECT_EQ(given.at(7), 0) << type;
    }
    EXPECT_THAT(asked_, testing::ElementsAre("example.com AAAA"));
}

TEST_F(DnsAnswerTest, AnIpv6AddressIsAnAaaaRecord) {
    given_v6_ = boost::asio::ip::make_address("fd67:6c6f:7665::c612:2");
    const DnsPacket given = answer(dns_query("example.com", 28));
    EXPECT_EQ(given.at(7), 1);
    EXPECT_THAT(given, testing::Contains(28));
    EXPECT_EQ(given.back(), 2);
}

TEST_F(DnsAnswerTest, EdnsIsAnsweredByEdns) {
    const DnsPacket plain = answer(dns_query("example.com", 1));
    const DnsPacket given = answer(with_opt(dns_query("example.com", 1)));
    EXPECT_EQ(given.size(), plain.size() + 11);
    EXPECT_EQ(given.at(11), 1);
    const DnsPacket other = answer(with_opt(dns_query("example.com", 1), 1));
    EXPECT_EQ(other.at(7), 0);
    EXPECT_EQ(other.at(other.size() - 6), 1) << "BADVERS";
}

TEST_F(DnsAnswerTest, WhatIsNoHostNameDoesNotExist) {
    for (const char* name : {"192.0.2.7", "exa mple.com", "1"})
        EXPECT_EQ(dns_status(answer(dns_query(name, 1))), DnsStatus::name_error) << name;
    DnsPacket dotted = dns_query("exampleXcom", 1);
    dotted[12 + 8] = '.';
    EXPECT_EQ(dns_status(answer(dotted)), DnsStatus::name_error) << "a dot inside of a label";
    EXPECT_THAT(asked_, testing::IsEmpty());
}

TEST_F(DnsAnswerTest, TheRootIsEmpty) {
    const DnsPacket given = answer(dns_query("", 1));
    EXPECT_EQ(dns_status(given), DnsStatus::no_error);
    EXPECT_EQ(given.at(7), 0);
}

TEST_F(DnsAnswerTest, EachPrefixOfAQueryIsAFormatError) {
    const DnsPacket whole = with_opt(dns_query("example.com", 1));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const DnsPacket given =
            answer(DnsPacket(whole.begin(), whole.begin() + static_cast<long>(size)));
        if (size < 12) {
            EXPECT_TRUE(given.empty()) << size;
            continue;
        }
        ASSERT_EQ(given.size(), 12U) << size;
        EXPECT_EQ(dns_status(given), DnsStatus::format_error) << size;
        EXPECT_EQ(given.at(0), 0x12) << size;
    }
    EXPECT_THAT(asked_, testing::IsEmpty());
}

TEST_F(DnsAnswerTest, AmbiguousQueriesAreFormatErrors) {
    DnsPacket more = dns_query("example.com", 1);
    more.push_back(0);
    DnsPacket two = dns_query("example.com", 1);
    two[5] = 2;
    DnsPacket with_answer = dns_query("example.com", 1);
    with_answer[7] = 1;
    DnsPacket pointer = dns_query("example.com", 1);
    pointer[12] = 0xc0;
    DnsPacket twice = with_opt(with_opt(dns_query("example.com", 1)));
    twice[11] = 2;
    for (const DnsPacket& packet : {more, two, with_answer, pointer, twice})
        EXPECT_EQ(dns_status(answer(packet)), DnsStatus::format_error);
    std::string longest;
    for (int i = 0; i < 5; ++i)
        longest += std::string(60, 'a') + ".";
    EXPECT_EQ(dns_status(answer(dns_query(longest, 1))), DnsStatus::format_error);
}

TEST_F(DnsAnswerTest, AnAnswerGetsNoAnswer) {
    DnsPacket response = dns_query("example.com", 1);
    response[2] |= 0x80;
    EXPECT_TRUE(answer(response).empty());
}

TEST_F(DnsAnswerTest, OtherOperationsAndClassesAreRefused) {
    DnsPacket update = dns_query("example.com", 1);
    update[2] = 5 << 3;
    EXPECT_EQ(dns_status(answer(update)), DnsStatus::not_implemented);
    EXPECT_EQ(dns_status(answer(dns_query("version.bind", 16, 3))), DnsStatus::refused);
}

TEST_F(DnsAnswerTest, TheLargestAnswerFitsIntoADatagram) {
    std::string name;
    for (int i = 0; i < 3; ++i)
        name += std::string(63, 'a') + ".";
    name += std::string(61, 'a');
    given_v6_ = boost::asio::ip::make_address("fd67:6c6f:7665::c612:2");
    EXPECT_EQ(answer(with_opt(dns_query(name, 28))).size(), dns_answer_bytes_max);
}

}  // namespace
}  // namespace glovebox::core
