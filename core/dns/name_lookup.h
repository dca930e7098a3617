// SPDX-License-Identifier: Apache-2.0

// A name's addresses, from the sources that this host's files name: hosts(5), and the name servers
// of resolv.conf(5), in the order of nsswitch.conf(5). A file is parsed again when it has changed.
//
// "localhost" and the names below it are answered from the hosts file or else with the loopback
// addresses; no name server is asked (RFC 6761 6.3).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/address/host_name.h"
#include "core/base/error.h"
#include "core/base/file_watch.h"
#include "core/dns/dns_query.h"
#include "core/dns/hosts_file.h"
#include "core/dns/nsswitch_conf.h"
#include "core/dns/resolv_conf.h"

namespace glovebox::core {

// What decides how names are looked up. Tests have files and a port of their own.
struct NameFiles {
    std::string hosts = "/etc/hosts";
    std::string resolv_conf = "/etc/resolv.conf";
    std::string nsswitch_conf = "/etc/nsswitch.conf";
    std::uint16_t port = 53;  // of the name servers

    [[nodiscard]] std::vector<std::string> paths() const {
        return {hosts, resolv_conf, nsswitch_conf};
    }
};

class NameLookup {
  public:
    explicit NameLookup(const NameFiles& files = {});

    // The addresses in the order of RFC 6724. It can be cancelled; keep this object until it has
    // ended. Errors: those of ask_name_servers().
    [[nodiscard]] boost::asio::awaitable<Result<FoundAddresses>> look_up(HostName name);

  private:
    [[nodiscard]] boost::asio::awaitable<Result<FoundAddresses>> ask_servers(HostName name);
    [[nodiscard]] std::optional<FoundAddresses> find_in_hosts(const HostName& name);

    std::uint16_t port_;
    ParsedFile<HostsFile> hosts_;
    ParsedFile<ResolvConf> resolv_conf_;
    ParsedFile<std::vector<NameSource>> nsswitch_conf_;
};

}  // namespace glovebox::core
