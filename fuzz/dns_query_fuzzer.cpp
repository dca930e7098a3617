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
    int lookups = 0;
    const auto lookup = [&](const core::HostName& name, bool is_ipv6) {
        ++lookups;
        const auto again = core::HostName::parse(name.text());
        require(again && again->text() == name.text());
        return core::DnsAddresses{
            .address = is_ipv6 ? core::IpAddress(boost::asio::ip::address_v6::loopback())
                               : core::IpAddress(boost::asio::ip::address_v4(0xc6120002))};
    };
    const auto answer = core::answer_dns(query, lookup);
    require(lookups <= 1);
    if (size < 12 || (data[2] & 0x80) != 0) {
        require(answer.empty() && lookups == 0);
        return 0;
    }
    require(answer.size() >= 12 && answer.size() <= core::dns_answer_bytes_max);
    require(answer[0] == data[0] && answer[1] == data[1] && (answer[2] & 0x80) != 0);
    require(core::answer_dns(answer, lookup).empty());
    if (answer[5] == 0) {
        require(answer.size() == 12 && lookups == 0);
        return 0;
    }
    // The question, byte by byte, with or without records behind it.
    require((lookups == 1) == (answer[7] == 1));
    const auto end =
        std::mismatch(answer.begin() + 12, answer.end(), query.begin() + 12, query.end());
    require(end.first - answer.begin() >= 12 + 5);
    return 0;
}
