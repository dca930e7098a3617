#include "core/crypto/openssl.h"

#include <openssl/err.h>

#include <stdexcept>

namespace glovebox {

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "OpenSSL gave no reason" : reason;
}

void throw_openssl(std::string_view what) {
    throw std::runtime_error(std::string(what) + ": " + openssl_reason());
}

}  // namespace glovebox
