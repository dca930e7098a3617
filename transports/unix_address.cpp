// SPDX-License-Identifier: Apache-2.0

#include "transports/unix_address.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace glovebox::transports {
namespace {

constexpr auto path_offset = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path));

}  // namespace

UnixAddress UnixAddress::in_directory(int directory, std::string_view name) {
    UnixAddress address;
    fmt::format_to_n(address.un_.sun_path, sizeof address.un_.sun_path - 1, "/proc/self/fd/{}/{}",
                     directory, name);
    return address;
}

UnixAddress UnixAddress::in_working_directory(std::string_view name) {
    UnixAddress address;
    fmt::format_to_n(address.un_.sun_path, sizeof address.un_.sun_path - 1, "{}", name);
    return address;
}

UnixAddress UnixAddress::abstract(std::string_view text) {
    UnixAddress address;
    const std::size_t bytes = std::min(text.size(), sizeof address.un_.sun_path - 1);
    std::memcpy(address.un_.sun_path + 1, text.data(), bytes);
    address.length_ = path_offset + 1 + static_cast<socklen_t>(bytes);
    return address;
}

std::optional<UnixAddress> UnixAddress::of(const sockaddr_storage& address, socklen_t size) {
    if (address.ss_family != AF_UNIX || size <= path_offset)
        return std::nullopt;
    UnixAddress found;
    // A path that fills all 108 bytes is said to be one byte longer, for its terminator.
    found.length_ = std::min(size, static_cast<socklen_t>(sizeof found.un_));
    std::memcpy(&found.un_, &address, found.length_);
    return found;
}

template <class GetName>
std::optional<UnixAddress> UnixAddress::read(GetName get_name, int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (get_name(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return std::nullopt;
    return of(address, size);
}

std::optional<UnixAddress> UnixAddress::of_socket(int socket) {
    return read(::getsockname, socket);
}

std::optional<UnixAddress> UnixAddress::of_peer(int socket) {
    return read(::getpeername, socket);
}

std::string_view UnixAddress::text() const {
    const std::size_t bytes = length_ - path_offset;
    if (is_abstract())
        return {un_.sun_path + 1, bytes - 1};
    return {un_.sun_path, ::strnlen(un_.sun_path, bytes)};
}

int UnixAddress::bind(int socket) const {
    return ::bind(socket, data(), length_) == 0 ? 0 : errno;
}

int UnixAddress::connect(int socket) const {
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0)
        return errno;
    const bool blocks = (flags & O_NONBLOCK) == 0;
    if (blocks)
        ::fcntl(socket, F_SETFL, flags | O_NONBLOCK);
    const int result = ::connect(socket, data(), length_) == 0 ? 0 : errno;
    if (blocks)
        ::fcntl(socket, F_SETFL, flags);
    return result;
}

}  // namespace glovebox::transports
