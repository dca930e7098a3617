// SPDX-License-Identifier: Apache-2.0

#include "core/egress/local_addresses.h"

#include <fmt/core.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

#include "core/address/proxy_error.h"
#include "core/base/unique_fd.h"
#include "core/forward/loopback_interface.h"

namespace glovebox::core {
namespace {

// A request of rtnetlink: a header, a fixed part and attributes.
class NetlinkRequest {
  public:
    template <class Fixed>
    NetlinkRequest(unsigned short type, const Fixed& fixed) {
        header().nlmsg_type = type;
        header().nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
        header().nlmsg_len = NLMSG_LENGTH(sizeof fixed);
        std::memcpy(NLMSG_DATA(&header()), &fixed, sizeof fixed);
    }

    void add(unsigned short type, std::span<const unsigned char> value) {
        const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
        rtattr attribute{};
        attribute.rta_type = type;
        attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(value.size()));
        std::memcpy(bytes_.data() + at, &attribute, sizeof attribute);
        std::memcpy(bytes_.data() + at + RTA_LENGTH(0), value.data(), value.size());
        header().nlmsg_len = static_cast<unsigned>(at + RTA_ALIGN(attribute.rta_len));
    }

    void add(unsigned short type, unsigned value) {
        std::array<unsigned char, sizeof value> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        add(type, bytes);
    }

    // The kernel's answer: 0 or an errno.
    [[nodiscard]] int send(int socket) {
        sockaddr_nl kernel{};
        kernel.nl_family = AF_NETLINK;
        if (::sendto(socket, bytes_.data(), header().nlmsg_len, 0,
                     reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0)
            return errno;
        alignas(nlmsghdr) std::array<unsigned char, 4096> answer{};
        const ssize_t size = ::recv(socket, answer.data(), answer.size(), 0);
        if (size < 0)
            return errno;
        nlmsghdr head{};
        nlmsgerr error{};
        if (static_cast<std::size_t>(size) < NLMSG_LENGTH(sizeof error))
            return EPROTO;
        std::memcpy(&head, answer.data(), sizeof head);
        std::memcpy(&error, answer.data() + NLMSG_LENGTH(0), sizeof error);
        return head.nlmsg_type == NLMSG_ERROR ? -error.error : EPROTO;
    }

  private:
    nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

    alignas(nlmsghdr) std::array<unsigned char, 256> bytes_{};
};

NetlinkRequest address_request(const IpNetwork& names, unsigned lo) {
    ifaddrmsg fixed{};
    fixed.ifa_family = AF_INET;
    fixed.ifa_prefixlen = static_cast<unsigned char>(names.prefix);
    fixed.ifa_scope = RT_SCOPE_UNIVERSE;
    fixed.ifa_index = lo;
    NetlinkRequest request(RTM_NEWADDR, fixed);
    const auto address =
        boost::asio::ip::address_v4(names.address.to_v4().to_uint() + 1).to_bytes();
    request.add(IFA_LOCAL, address);
    request.add(IFA_ADDRESS, address);
    return request;
}

// "ip route add local default dev lo"
NetlinkRequest route_request(unsigned char family, unsigned lo) {
    rtmsg fixed{};
    fixed.rtm_family = family;
    fixed.rtm_table = RT_TABLE_LOCAL;
    fixed.rtm_protocol = RTPROT_STATIC;
    fixed.rtm_scope = RT_SCOPE_HOST;
    fixed.rtm_type = RTN_LOCAL;
    NetlinkRequest request(RTM_NEWROUTE, fixed);
    request.add(RTA_OIF, lo);
    return request;
}

// The name of an interface beside lo that is up, if there is one.
std::string other_interface() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return {};
    std::string name;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next)
        if ((entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0)
            name = entry->ifa_name;
    ::freeifaddrs(list);
    return name;
}

Error refuse_network(std::string_view what, int errno_value) {
    if (errno_value == EPERM || errno_value == EACCES)
        return Error(ProxyError::not_permitted,
                     fmt::format("{}: this process has no CAP_NET_ADMIN: start it as root of the "
                                 "enclave",
                                 what));
    return errno_error(std::string(what), errno_value);
}

}  // namespace

Result<LocalAddresses> make_every_address_local(const IpNetwork& names) {
    // Every packet of such an interface would be taken for one to this process.
    if (const std::string other = other_interface(); !other.empty())
        return Error(
            ProxyError::not_permitted,
            fmt::format("this network has the interface {} beside lo, and making every address "
                        "local would cut it off: run it in an enclave, whose only interface is lo",
                        other));
    const auto was_down = bring_loopback_up();
    if (!was_down)
        return was_down.error();
    LocalAddresses result{.lo_was_down = *was_down};
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket)
        return errno_error("can't open a netlink socket", errno);
    const unsigned lo = ::if_nametoindex("lo");
    if (const int failure = address_request(names, lo).send(socket.get());
        failure != 0 && failure != EEXIST)
        return refuse_network(fmt::format("can't give lo the network {}", to_string(names)),
                              failure);
    if (const int failure = route_request(AF_INET, lo).send(socket.get());
        failure != 0 && failure != EEXIST)
        return refuse_network("can't make every IPv4 address local", failure);
    const int failure = route_request(AF_INET6, lo).send(socket.get());
    result.has_ipv6 = failure == 0 || failure == EEXIST;
    return result;
}

}  // namespace glovebox::core
