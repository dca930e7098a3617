// SPDX-License-Identifier: Apache-2.0

#include "transports/host_socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "transports/socket_file.h"
#include "transports/unix_address.h"

namespace glovebox::transports {
namespace {

// Called with the directory's lock held.
int bind_over_stale(int socket, const PlaceOfSocket& place) {
    const UnixAddress address = UnixAddress::in_directory(place.directory.get(), place.name);
    const int result = address.bind(socket);
    if (result != EADDRINUSE)
        return result;
    const auto held = is_held(place.directory.get(), place.directory_path, place.name);
    if (!held || *held)
        return held ? EADDRINUSE : held.error().code.value();
    ::unlinkat(place.directory.get(), place.name.c_str(), 0);
    return address.bind(socket);
}

}  // namespace

Result<PlaceOfSocket> PlaceOfSocket::of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    PlaceOfSocket place;
    place.directory_path = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    place.name = slash == std::string::npos ? path : path.substr(slash + 1);
    place.directory =
        UniqueFd(::open(place.directory_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place.directory)
        return errno_error(place.directory_path, errno);
    return place;
}

SocketName::~SocketName() {
    struct stat status {};
    if (place_.directory &&
        ::fstatat(place_.directory.get(), place_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_dev == device_ && status.st_ino == file_)
        ::unlinkat(place_.directory.get(), place_.name.c_str(), 0);
}

Result<std::pair<UniqueFd, SocketName>> listen_at(const std::string& path) {
    auto place = PlaceOfSocket::of(path);
    if (!place)
        return place.error();
    const int directory = place->directory.get();
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot create a Unix socket", errno);
    const auto locked = lock_directory(directory, place->directory_path);
    if (!locked)
        return locked.error();
    if (const int failure = bind_over_stale(socket.get(), *place); failure != 0)
        return errno_error(path, failure)
            .with_advice(failure == EADDRINUSE ? "Another process listens there" : "");
    struct stat file {};
    struct stat owner {};
    if (::fstatat(directory, place->name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0 ||
        ::fstat(directory, &owner) != 0)
        return errno_error(path, errno);
    SocketName name(std::move(*place), file.st_dev, file.st_ino);
    // A monitor with a user of its own may connect then. Where this process has no right to give
    // the socket away, the monitor runs as the same user, or its connect(2) fails.
    [[maybe_unused]] const int given = ::fchownat(directory, name.place_.name.c_str(), owner.st_uid,
                                                  owner.st_gid, AT_SYMLINK_NOFOLLOW);
    if (::listen(socket.get(), SOMAXCONN) != 0)
        return errno_error(path, errno);
    return std::pair(std::move(socket), std::move(name));
}

}  // namespace glovebox::transports
