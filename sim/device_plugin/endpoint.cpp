// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/endpoint.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace glovebox::device_plugin {
namespace {

constexpr int connections_waiting_max = 16;

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

UniqueFd make_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace

Result<void> Endpoint::listen() {
    close();
    const auto address = address_of(path_.string());
    if (!address)
        return errno_error(path_.string(), ENAMETOOLONG);
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);

    const UniqueFd probe = make_socket();
    if (!probe)
        return errno_error(path_.string(), errno);
    // A full queue (EAGAIN) is a running program's too.
    if (::connect(probe.get(), generic, sizeof *address) == 0 || errno == EAGAIN)
        return system_error(EADDRINUSE,
                            fmt::format("{}: a running device plugin listens there already, this "
                                        "one or AWS's: a node has one of them",
                                        path_.string()));
    struct stat left {};
    if (errno == ECONNREFUSED && ::lstat(path_.c_str(), &left) == 0 && S_ISSOCK(left.st_mode))
        ::unlink(path_.c_str());

    UniqueFd listener = make_socket();
    struct stat made {};
    if (!listener || ::bind(listener.get(), generic, sizeof *address) != 0 ||
        ::stat(path_.c_str(), &made) != 0 || ::listen(listener.get(), connections_waiting_max) != 0)
        return errno_error(path_.string(), errno);
    listener_ = std::move(listener);
    device_ = made.st_dev;
    inode_ = made.st_ino;
    return {};
}

void Endpoint::close() {
    if (listener_ && owner() == Owner::this_one)
        ::unlink(path_.c_str());
    listener_.reset();
}

UniqueFd Endpoint::accept() const {
    return UniqueFd(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

Endpoint::Owner Endpoint::owner() const {
    struct stat found {};
    if (::lstat(path_.c_str(), &found) != 0)
        return Owner::nobody;
    return listener_ && found.st_dev == device_ && found.st_ino == inode_ ? Owner::this_one
                                                                          : Owner::another;
}

}  // namespace glovebox::device_plugin
