// SPDX-License-Identifier: Apache-2.0

// The certificate authority of one world's TLS servers: what lets an unmodified program talk HTTPS
// to kms.us-east-1.amazonaws.com here, and nothing else.
//
//   <directory>/ca.pem   its certificate, for the bundles of those who are to believe it
//   <directory>/ca.key   its private key, PKCS #8 PEM, mode 0600
//
// The certificate carries critical name constraints (RFC 5280 section 4.2.1.10): the hosts that the
// world maps are permitted, every IP address is excluded. So whoever gets hold of the key can't
// impersonate any other site to those who trust it. It is never put into the machine's own store.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random_source.h"
#include "sim/http/server.h"

namespace glovebox::tls {

class WorldCa {
  public:
    // The authority kept in `directory` (made 0700 where it is absent; its parent must exist). One
    // that is not there yet, or that has ended, is made; one that does not know all of `hosts` gets
    // a new certificate for them too, of the same key and name, so that what it has issued stays
    // valid. Safe against other processes that do the same. `hosts` are DNS names without
    // wildcards.
    [[nodiscard]] static Result<WorldCa> open(const std::string& directory,
                                              std::vector<std::string> hosts, TimePoint now,
                                              RandomSource& random);

    // ca.pem.
    [[nodiscard]] const std::string& certificate_file() const { return file_; }
    [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
    // The permitted ones, sorted.
    [[nodiscard]] const std::vector<std::string>& hosts() const { return hosts_; }

    // A server's certificate for some of hosts(), valid for a year, and a key of its own. An error
    // names the host that the constraints do not permit.
    [[nodiscard]] Result<http::TlsIdentity> issue(const std::vector<std::string>& hosts,
                                                  TimePoint now, RandomSource& random) const;

  private:
    WorldCa() = default;

    std::string file_;
    std::string key_pem_;
    std::string certificate_pem_;
    std::vector<std::string> hosts_;
};

// Whether `text` is a name that can be permitted: labels of letters, digits and hyphens.
[[nodiscard]] bool is_dns_name(std::string_view text);

}  // namespace glovebox::tls
