#include "nsm-mock/document/pcr.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/errc.hpp>

#include "core/crypto/openssl.h"

namespace glovebox::nsm {

bool is_zero(const Pcr& pcr) {
    return std::all_of(pcr.begin(), pcr.end(), [](std::uint8_t byte) { return byte == 0; });
}

Pcr sha384(std::initializer_list<BytesView> parts) {
    const MdCtx context(EVP_MD_CTX_new());
    Pcr digest{};
    bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha384(), nullptr) == 1;
    for (const BytesView part : parts)
        done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    if (!done || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
        throw_openssl("computing SHA-384");
    return digest;
}

Pcr extended(const Pcr& old, BytesView data) {
    return sha384({old, data});
}

Result<Pcr> parse_pcr(std::string_view hex) {
    const auto bytes = from_hex(hex);
    if (!bytes)
        return bytes.error();
    Pcr pcr{};
    if (bytes->size() != pcr.size())
        return Error(make_error_code(boost::system::errc::invalid_argument),
                     fmt::format("a PCR is {} hexadecimal digits (SHA-384), found {}",
                                 2 * pcr.size(), hex.size()));
    std::copy(bytes->begin(), bytes->end(), pcr.begin());
    return pcr;
}

}  // namespace glovebox::nsm
