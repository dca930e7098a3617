// SPDX-License-Identifier: Apache-2.0

// A cache of certificates that were read before. The documents of a region, a zone or an instance
// share the certificates above their leaf, and to read one takes OpenSSL a quarter of the time that
// it takes to check its signature. An entry says nothing of who issued the certificate: each
// document's chain is checked as a whole. All functions may be called from any thread.
#pragma once

#include "core/base/bounded_cache.h"
#include "nsm-mock/document/certificate.h"

namespace glovebox::nsm {

class KnownCertificates {
  public:
    // An entry takes about 5 KiB. When the cache is full, a new entry replaces the oldest.
    static constexpr std::size_t certificates_max = 64;

    // Certificate::from_der(), or the certificate that it returned before for the same bytes.
    [[nodiscard]] Result<Certificate> read(const Bytes& der);

  private:
    BoundedCache<Bytes, Certificate> certificates_{certificates_max};
};

}  // namespace glovebox::nsm
