// SPDX-License-Identifier: Apache-2.0

#include "core/dial/own_addresses.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace glovebox::core {
namespace {

namespace ip = boost::asio::ip;

UniqueFd subscribe_to_changes() {
    UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl groups{};
    groups.nl_family = AF_NETLINK;
    groups.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (socket && ::bind(socket.get(), reinterpret_cast<sockaddr*>(&groups), sizeof groups) != 0)
        socket.reset();
    return socket;
}

}  // namespace

std::vector<IpAddress> read_own_addresses() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return {};
    std::vector<IpAddress> addresses;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr)
            continue;
        if (entry->ifa_addr->sa_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, entry->ifa_addr, sizeof v4);
            addresses.emplace_back(ip::address_v4(ntohl(v4.sin_addr.s_addr)));
        } else if (entry->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, entry->ifa_addr, sizeof v6);
            ip::address_v6::bytes_type bytes;
            std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
            addresses.push_back(unmapped(ip::address_v6(bytes)));
        }
    }
    ::freeifaddrs(list);
    return addresses;
}

OwnAddresses::OwnAddresses(std::function<std::vector<IpAddress>()> read) : read_(std::move(read)) {}

std::shared_ptr<const std::vector<IpAddress>> OwnAddresses::get() {
    const std::lock_guard guard(mutex_);
    if (may_have_changed())
        addresses_ = std::make_shared<const std::vector<IpAddress>>(read_());
    return addresses_;
}

bool OwnAddresses::may_have_changed() {
    if (!changes_) {
        // Before the first reading, so that no change falls between the two.
        changes_ = subscribe_to_changes();
        return true;
    }
    // What a message says does not matter, nor whether some were lost (ENOBUFS): all are read anew.
    bool changed = false;
    char first_byte = 0;
    for (;;) {
        const ssize_t size = ::recv(changes_.get(), &first_byte, 1, MSG_TRUNC);
        if (size < 0 && errno == EAGAIN)
            return changed;
        changed = true;
        if (size < 0 && errno != ENOBUFS && errno != EINTR) {
            changes_.reset();
            return true;
        }
    }
}

}  // namespace glovebox::core
