// SPDX-License-Identifier: Apache-2.0

#include "transports/client_names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/random_source.h"
#include "core/base/replace_file.h"
#include "transports/socket_name.h"

namespace glovebox::transports {
namespace {

constexpr std::string_view prefix = "glovebox/";
// What a key's file is called until it is whole.
constexpr std::size_t digit_bytes = 16;

std::string digits_of(std::span<const std::uint8_t> bytes) {
    return to_hex(bytes.first(digit_bytes));
}

UnixAddress name_with(const std::string& digits, std::string_view text) {
    return UnixAddress::abstract(fmt::format("{}{}/{}", prefix, digits, text));
}

}  // namespace

Result<ClientNames> ClientNames::open(int directory) {
    Key key{};
    // A key that a full disk or a power failure cut short is replaced.
    UniqueFd existing(::openat(directory, key_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!existing && errno != ENOENT)
        return errno_error(fmt::format("{} can't be opened", key_file), errno);
    if (existing && ::read(existing.get(), key.data(), key.size()) == ssize_t{key.size()})
        return use(key, std::move(existing));

    SystemRandom().fill(key);
    auto fresh = replace_file(directory, key_file, {.content = key});
    if (!fresh)
        return fresh.error();
    return use(key, std::move(*fresh));
}

Result<ClientNames> ClientNames::use(const Key& key, UniqueFd file) {
    while (::flock(file.get(), LOCK_SH) != 0)
        if (errno != EINTR)
            return errno_error(fmt::format("{} can't be locked", key_file), errno);
    return ClientNames(key, std::move(file));
}

bool ClientNames::are_in_use(const std::string& world) {
    const UniqueFd file(
        ::open(fmt::format("{}/{}", world, key_file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

bool ClientNames::are_used_here_alone() const {
    return ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
}

UnixAddress ClientNames::of(core::VsockAddress client) const {
    const std::string text = socket_name(client);
    const BytesView bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    return name_with(digits_of(hmac_->of(bytes)), text);
}

std::string unforeseeable_digits() {
    std::array<std::uint8_t, digit_bytes> bytes{};
    SystemRandom().fill(bytes);
    return digits_of(bytes);
}

UnixAddress unforeseeable_name(std::string_view text) {
    return name_with(unforeseeable_digits(), text);
}

std::optional<core::VsockAddress> client_of(const UnixAddress& name) {
    if (name.is_abstract() && !name.text().starts_with(prefix))
        return std::nullopt;
    return parse_socket_name(name.text());
}

}  // namespace glovebox::transports
