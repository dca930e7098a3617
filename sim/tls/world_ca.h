// SPDX-License-Identifier: Apache-2.0

// The certificate authority of one world's TLS servers. It lets an unmodified program speak HTTPS
// to a simulated kms.us-east-1.amazonaws.com, and serves no other purpose.
//
//   <directory>/ca.pem   its certificate, for the bundles of programs that are to trust it
//   <directory>/ca.key   its private key, PKCS #8 PEM, mode 0600
//
// The certificate has critical name constraints (RFC 5280, section 4.2.1.10): the hosts that the
// world serves are permitted, every IP address is excluded. So somebody who steals the key cannot
// impersonate another site to programs that trust the authority. It is never added to the machine's
// own store.
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
    // Opens the authority in `directory`, which is created with mode 0700 if it is missing; its
    // parent exists. A missing or unusable authority is made anew. One that ends within 366 days,
    // or does not permit all of `hosts`, gets a new certificate with the same key and name, so that
    // the certificates that it issued stay valid; hosts that were permitted before remain so. Safe
    // against other processes that do the same. `hosts` are DNS names without wildcards; the error
    // names one that is not.
    [[nodiscard]] static Result<WorldCa> open(const std::string& directory,
                                              std::vector<std::string> hosts, TimePoint now,
                                              RandomSource& random);

    // The path of ca.pem.
    [[nodiscard]] const std::string& certificate_file() const { return file_; }
    [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
    // The permitted hosts, in lower case, sorted.
    [[nodiscard]] const std::vector<std::string>& hosts() const { return hosts_; }

    // A certificate for a server of some of hosts(), valid for a year, with a key of its own. The
    // chain includes the authority. The error names a host that is not permitted.
    [[nodiscard]] Result<http::TlsIdentity> issue(const std::vector<std::string>& hosts,
                                                  TimePoint now, RandomSource& random) const;

  private:
    WorldCa() = default;

    std::string file_;
    std::string key_pem_;
    std::string certificate_pem_;
    std::vector<std::string> hosts_;
};

// Whether `text` is a host name that can be permitted: labels of letters, digits and hyphens, with
// at least one letter, so that an IPv4 address is none.
[[nodiscard]] bool is_dns_name(std::string_view text);

}  // namespace glovebox::tls
