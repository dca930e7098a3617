// SPDX-License-Identifier: Apache-2.0

// An address of this host for each name that a program asks for, so that the address of a
// connection says which name was meant.
//
//   "example.com" -> 198.18.0.2      "example.org" -> 198.18.0.3
//
// The addresses are of 198.18.0.0/15, which no host on the Internet has (RFC 2544, RFC 6890). Every
// function may be called from any thread.
#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"

namespace glovebox::core {

class NameAddresses {
    struct Entry;
    struct State;

  public:
    using Address = boost::asio::ip::address_v4;

    [[nodiscard]] static const IpNetwork& network();
    // The IPv6 form of an address, in a block that Glovebox uses for itself (RFC 4193).
    [[nodiscard]] static boost::asio::ip::address_v6 as_ipv6(Address address);
    // Whether an address is of one of the two blocks.
    [[nodiscard]] static bool has(const IpAddress& address);

    // Beyond `names_max`, the name that was used the longest time ago is forgotten. Its address
    // goes to another name only when all others have had their turn.
    explicit NameAddresses(std::size_t names_max = 16384);

    // The same for a name that is remembered. Empty if every name has an open connection.
    [[nodiscard]] std::optional<Address> address_of(const HostName& name);

    // A name in use, by an open connection: neither it nor its address is forgotten.
    class Use {
      public:
        Use(Use&&) noexcept = default;
        Use& operator=(Use&&) = delete;
        ~Use();

        [[nodiscard]] const HostName& name() const { return entry_->name; }

      private:
        friend class NameAddresses;
        Use(std::shared_ptr<State> state, std::uint32_t address, Entry& entry);

        std::shared_ptr<State> state_;
        std::uint32_t address_;
        Entry* entry_;  // not forgotten as long as it is used
    };

    // The name that has this address, in either form; empty for one that no name has.
    [[nodiscard]] std::optional<Use> use(const IpAddress& address);

    [[nodiscard]] std::size_t size() const;

  private:
    struct Entry {
        HostName name;
        std::size_t uses = 0;
        std::list<std::uint32_t>::iterator idle{};  // if it has no use
    };
    struct State {
        std::mutex mutex;
        std::map<std::uint32_t, Entry> by_address;
        std::map<HostName, std::uint32_t> by_name;
        std::list<std::uint32_t> idle;  // those without a use, the latest first
    };

    std::size_t names_max_;
    std::uint32_t next_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace glovebox::core
