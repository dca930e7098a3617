// SPDX-License-Identifier: Apache-2.0

// Any bytes as a query to the enclave's name server. An answer fits into the smallest datagram, is
// one, has the query's identifier and question, and asks for no name that is not in canonical form;
// and no answer is answered.

#include <algorithm>
#include <string>

#include "core/egress/dns_answer.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> query(data, size);
    const auto read = core::DnsQuery::read(query);
    require(read.has_value() == (size >= 12 && (data[2] & 0x80) == 0));
    if (!read)
        return 0;
    const bool has_question = read->question().has_value();
    core::DnsAddresses found;
    if (has_question) {
        const std::string& name = read->question()->name.text();
        const auto again = core::HostName::parse(name);
        require(again && again->text() == name);
        found.address = read->question()->is_ipv6
                            ? core::IpAddress(boost::asio::ip::address_v6::loopback())
                            : core::IpAddress(boost::asio::ip::address_v4(0xc6120002));
    }
    const auto answer = read->answer(found);
    require(answer.size() >= 12 && answer.size() <= core::dns_answer_bytes_max);
    require(answer[0] == data[0] && answer[1] == data[1] && (answer[2] & 0x80) != 0);
    require(!core::DnsQuery::read(answer));
    if (answer[5] == 0) {
        require(answer.size() == 12 && !has_question);
        return 0;
    }
    // The question, byte by byte, with or without records behind it.
    require(has_question == (answer[7] == 1));
    const auto end =
        std::mismatch(answer.begin() + 12, answer.end(), query.begin() + 12, query.end());
    require(end.first - answer.begin() >= 12 + 5);
    return 0;
}
