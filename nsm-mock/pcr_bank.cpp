#include "nsm-mock/pcr_bank.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/errc.hpp>

#include "nsm-mock/nsm_error.h"
#include "nsm-mock/openssl.h"

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

namespace {

Error no_such_pcr(PcrIndex index) {
    return Error(NsmError::invalid_index,
                 fmt::format("there is no PCR{}: the last is PCR{}", index, pcr_count - 1));
}

Error is_locked(PcrIndex index) {
    return Error(NsmError::read_only_index,
                 fmt::format("PCR{} is locked{}", index,
                             index < platform_pcr_count
                                 ? ": PCR0 to PCR15 belong to the platform, a program has 16 to 31"
                                 : ""));
}

}  // namespace

Result<PcrBank::Register> PcrBank::describe(PcrIndex index) const {
    if (index >= pcr_count)
        return no_such_pcr(index);
    return registers_[index];
}

Result<Pcr> PcrBank::extend(PcrIndex index, BytesView data) {
    if (index >= pcr_count)
        return no_such_pcr(index);
    Register& target = registers_[index];
    if (target.locked)
        return is_locked(index);
    target.value = extended(target.value, data);
    return target.value;
}

Result<void> PcrBank::lock(PcrIndex index) {
    if (index >= pcr_count)
        return no_such_pcr(index);
    if (registers_[index].locked)
        return is_locked(index);
    registers_[index].locked = true;
    return {};
}

Result<void> PcrBank::lock_range(PcrIndex range) {
    if (range > pcr_count)
        return Error(NsmError::invalid_index,
                     fmt::format("a range of {} PCRs: there are {}", range, pcr_count));
    for (PcrIndex index = 0; index < range; ++index)
        registers_[index].locked = true;
    return {};
}

std::vector<PcrIndex> PcrBank::locked() const {
    std::vector<PcrIndex> indices;
    for (PcrIndex index = 0; index < pcr_count; ++index)
        if (registers_[index].locked)
            indices.push_back(index);
    return indices;
}

void PcrBank::set(PcrIndex index, const Pcr& value) {
    registers_.at(index).value = value;
}

}  // namespace glovebox::nsm
