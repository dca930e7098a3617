// SPDX-License-Identifier: Apache-2.0

// The functions of Asio's TLS part, compiled here and nowhere else
// (BOOST_ASIO_SEPARATE_COMPILATION).
#include <openssl/ssl.h>

#include <boost/asio/ssl/impl/src.hpp>
