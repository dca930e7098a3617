// SPDX-License-Identifier: Apache-2.0

#include "transports/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "core/base/private_directory.h"
#include "core/base/random_source.h"
#include "core/base/run_folder.h"
#include "core/relay/hop_resets.h"
#include "transports/client_names.h"
#include "transports/known_worlds.h"
#include "transports/reach.h"
#include "transports/socket_file.h"
#include "transports/socket_name.h"
#include "transports/unix_address.h"

namespace glovebox::transports {

using core::Cid;
using core::Port;
using core::port_any;
using core::VsockAddress;

namespace {

constexpr int opening_tries_max = 5;
// Free ports are looked for this often (MAX_PORT_RETRIES, af_vsock.c).
constexpr int port_tries_max = 24;
// A socket's file, bound and listening: whoever may not enter the world's directory never sees it.
constexpr mode_t mode_bound = 0600;
constexpr mode_t mode_listening = 0700;
// Keeps <run directory>/glovebox/NAME within a file name, with room to spare.
constexpr std::size_t world_name_bytes_max = 128;

bool is_world_name(std::string_view name) {
    if (name.empty() || name.size() > world_name_bytes_max || name.front() == '.')
        return false;
    return name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
               "._-") == std::string_view::npos;
}

// Nobody has the name, nobody listens on it, its backlog is full, or it is not a stream socket: all
// that a vsock peer answers with a reset.
bool is_reset(int connect_result) {
    return connect_result == ENOENT || connect_result == ECONNREFUSED || connect_result == EAGAIN ||
           connect_result == EPROTOTYPE;
}

Error directory_is_gone(const std::string& path, const std::string& name) {
    return system_error(ENOENT,
                        fmt::format("{}/{} can't be bound: the world's directory was removed, or "
                                    "/proc isn't mounted",
                                    path, name));
}

std::string listener_name(Cid own, VsockAddress bound) {
    return bound.cid == core::cid_local && own != core::cid_local
               ? local_socket_name(own, bound.port)
               : socket_name(bound);
}

// The name of the same port bound to own's CID instead of CID 1, or the other way round.
std::string rival_name(Cid own, VsockAddress bound) {
    return bound.cid == core::cid_local ? socket_name({own, bound.port})
                                        : local_socket_name(own, bound.port);
}

// Binds the socket to a file of mode_bound: the kernel takes the mode of the socket's own inode
// (unix_bind_bsd, net/unix/af_unix.c), so there is no moment at which the name looks like a
// listener.
int bind_unmarked(int socket, const UnixAddress& address) {
    struct stat status {};
    if (::fstat(socket, &status) != 0 || ::fchmod(socket, mode_bound) != 0)
        return errno;
    const int result = address.bind(socket);
    ::fchmod(socket, status.st_mode & 07777);
    return result;
}

// Of a connect: what errno has no value for.
constexpr int refused_by_fault = -1;

bool is_stream(int socket) {
    int type = 0;
    socklen_t length = sizeof type;
    return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

// The world whose directory is the calling thread's own.
thread_local const World* entered = nullptr;

// Who has the name.
VsockAddress named(const std::optional<UnixAddress>& name) {
    const auto client = name ? client_of(*name) : std::nullopt;
    return client.value_or(VsockAddress{core::cid_parent, port_any});
}

// The names in a directory, without "." and "..".
std::vector<std::string> entries_of(int directory) {
    UniqueFd folder(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(folder ? ::fdopendir(folder.get()) : nullptr,
                                                      ::closedir);
    std::vector<std::string> found;
    if (!entries)
        return found;
    (void)folder.release();  // the stream closes it
    while (const dirent* const entry = ::readdir(entries.get()))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            found.emplace_back(name);
    return found;
}

}  // namespace

std::string World::choose_name(std::string_view option) {
    if (!option.empty())
        return std::string(option);
    const char* environment = std::getenv("GLOVEBOX_WORLD");
    if (environment != nullptr)
        return environment;
    return std::string(default_world_name);
}

Result<std::unique_ptr<World>> World::open(std::string_view name_or_path) {
    std::string path(name_or_path);
    if (path.empty())
        return system_error(
            EINVAL,
            "GLOVEBOX_WORLD is set and empty, which names no world: unset it for the "
            "world \"default\", or give it a name");
    if (path.find('/') == std::string::npos) {
        if (!is_world_name(path))
            return system_error(
                EINVAL, fmt::format("\"{}\" is not the name of a world: letters, digits, '.', "
                                    "'_' and '-' were expected, at most {} and no '.' in front; "
                                    "with a '/' it is a directory",
                                    path, world_name_bytes_max));
        const std::string folder = run_folder();
        if (const auto checked = open_private_directory(folder); !checked)
            return Error(checked.error()).in("worlds of this user");
        path = folder + "/" + path;
    }
    for (int tries = 1;; ++tries) {
        auto directory = open_private_directory(path);
        if (!directory)
            return Error(directory.error()).in("world");
        auto locked = lock_directory(directory->get(), "world " + path);
        if (!locked)
            return locked.error();
        auto names = ClientNames::open(directory->get());
        // remove_if_unused() of another process may have come before the lock.
        if (!names && names.error().code.value() == ENOENT && tries < opening_tries_max)
            continue;
        if (!names)
            return Error(names.error()).in("world " + path);
        Port first_port = 0;
        SystemRandom().fill({reinterpret_cast<std::uint8_t*>(&first_port), sizeof first_port});
        std::unique_ptr<World> world(
            new World(path, std::move(*directory), std::move(*names), first_port));
        world->sweep();
        if (name_or_path.find('/') != std::string_view::npos)
            remember_world(world->path());
        return world;
    }
}

World::World(std::string path, UniqueFd directory, ClientNames client_names, Port first_port)
    : path_(std::move(path)),
      directory_(std::move(directory)),
      client_names_(std::move(client_names)),
      faults_(fault::Client::find(directory_.get())),
      next_port_(first_port) {}

World::~World() = default;

Result<VsockAddress> World::bind(int socket, Cid own, VsockAddress address) {
    if (const auto name = UnixAddress::of_socket(socket))
        return system_error(EINVAL,
                            fmt::format("the socket is bound already, as {}", name->text()));
    const auto cid = bindable_cid(own, address.cid);
    if (!cid)
        return cid.error();
    const auto locked = lock_directory(directory(), "world " + path_);
    if (!locked)
        return locked.error();
    Error last;
    for (int tries = address.port == port_any ? port_tries_max : 1; tries > 0; --tries) {
        const VsockAddress bound{*cid, address.port == port_any ? next_port() : address.port};
        // A port bound to any CID and one bound to CID 1 exclude each other.
        auto claimed = address.cid == own ? Result<void>() : check_free(rival_name(own, bound));
        if (claimed)
            claimed = claim(socket, listener_name(own, bound));
        if (claimed)
            return bound;
        last = claimed.error();
        if (last.code.value() != EADDRINUSE)
            break;
    }
    return last;
}

Result<void> World::check_free(const std::string& name) const {
    const auto held = is_held(directory(), path_, name);
    if (!held)
        return held.error();
    if (*held)
        return system_error(EADDRINUSE,
                            fmt::format("{}/{} is taken by a socket that is alive", path_, name));
    return {};
}

// Called with the lock held.
Result<void> World::claim(int socket, const std::string& name) {
    const UnixAddress address = UnixAddress::in_directory(directory(), name);
    int result = bind_unmarked(socket, address);
    if (result == EADDRINUSE) {
        if (const auto free = check_free(name); !free)
            return free.error();
        ::unlinkat(directory(), name.c_str(), 0);
        result = bind_unmarked(socket, address);
    }
    if (result == ENOENT)
        return directory_is_gone(path_, name);
    struct stat file {};
    struct stat of_socket {};
    if (result == 0 && (::fstatat(directory(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0 ||
                        ::fstat(socket, &of_socket) != 0))
        result = errno;
    if (result != 0)
        return errno_error(fmt::format("{}/{} can't be bound", path_, name), result);
    const std::lock_guard guard(mutex_);
    bound_[of_socket.st_ino] = {name, file.st_dev, file.st_ino};
    return {};
}

void World::mark_listening(int socket) const {
    const auto name = UnixAddress::of_socket(socket);
    if (!name || name->is_abstract())
        return;
    const std::string file(name->text().substr(name->text().rfind('/') + 1));
    if (parse_socket_name(file)) [[maybe_unused]]
        const int set = ::fchmodat(directory(), file.c_str(), mode_listening, 0);
}

bool World::is_listening(VsockAddress address) const {
    const std::string name = socket_name(address);
    struct stat status {};
    if (::fstatat(directory(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISSOCK(status.st_mode) || (status.st_mode & S_IXUSR) == 0)
        return false;
    const auto held = is_held(directory(), path_, name);
    return held && *held;
}

std::vector<VsockAddress> World::listeners() const {
    std::vector<VsockAddress> found;
    for (const std::string& name : names())
        if (const auto address = parse_socket_name(name);
            address && name == socket_name(*address) && is_listening(*address))
            found.push_back(*address);
    std::sort(found.begin(), found.end());
    return found;
}

void World::unbind(int socket, Cid own, VsockAddress address) {
    if (socket < 0) {
        const std::string name = listener_name(own, address);
        {
            const std::lock_guard guard(mutex_);
            std::erase_if(bound_, [&](const auto& entry) { return entry.second.name == name; });
        }
        if (const auto held = lock_directory(directory(), "world " + path_))
            remove_if_stale(name);
        return;
    }
    struct stat status {};
    if (::fstat(socket, &status) != 0)
        return;
    Bound ours;
    {
        const std::lock_guard guard(mutex_);
        auto entry = bound_.extract(status.st_ino);
        if (!entry)
            return;
        ours = std::move(entry.mapped());
    }
    // The open socket keeps its file's inode, so no other file can have the number; and as long as
    // it lives the name isn't stale, so nobody takes it over between these two calls.
    if (::fstatat(directory(), ours.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_dev == ours.device && status.st_ino == ours.file)
        ::unlinkat(directory(), ours.name.c_str(), 0);
}

Result<VsockAddress> World::connect(int socket, Cid own, VsockAddress target, bool is_unnamed) {
    const auto reached = route(own, target.cid);
    if (!reached)
        return reached.error();
    const auto port = name_client(socket, reached->seen_as, is_unnamed);
    if (!port)
        return port.error();

    const std::string name = socket_name({reached->listener, target.port});
    const auto connect_to_listener = [&](int connecting) {
        const auto connect_to = [&](const std::string& candidate) {
            const UnixAddress address = entered == this
                                            ? UnixAddress::in_working_directory(candidate)
                                            : UnixAddress::in_directory(directory(), candidate);
            return address.connect(connecting);
        };
        int result = reached->local_first
                         ? connect_to(local_socket_name(reached->listener, target.port))
                         : ENOENT;
        return is_reset(result) ? connect_to(name) : result;
    };
    // Relays' channels for resets (core/relay/hop_resets.h) are no connections of anybody's.
    const int result =
        faults_ == nullptr || core::is_reset_port(target.port)
            ? connect_to_listener(socket)
            : connect_through_faults(socket, {reached->seen_as, *port},
                                     {reached->listener, target.port}, connect_to_listener);
    if (result == 0)
        return VsockAddress{own, *port};
    const std::string where = fmt::format("{} ({}/{})", to_string(target), path_, name);
    if (result == refused_by_fault)
        return system_error(ECONNRESET, fmt::format("a fault of the world refuses {}", where));
    if (result == EAGAIN)
        return system_error(ECONNRESET, fmt::format("the backlog of {} is full", where));
    if (is_reset(result))
        return system_error(ECONNRESET, fmt::format("nobody listens on {}", where));
    return errno_error(fmt::format("connecting to {}", where), result);
}

template <class Connect>
int World::connect_through_faults(int socket, VsockAddress client, VsockAddress target,
                                  const Connect& connect) {
    auto passage = faults_->connect(client, target);
    if (passage.is_refused())
        return refused_by_fault;
    if (!passage || !is_stream(socket))
        return connect(socket);
    UniqueFd far(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!far)
        return errno;
    // The socket itself has the client's own name; this one reads the same.
    if (client.port != port_any)
        if (const int failure = unforeseeable_name(socket_name(client)).bind(far.get()))
            return failure;
    if (const int failure = connect(far.get()))
        return failure;
    const VsockAddress peer = peer_of(far.get());
    const VsockAddress unnamed{core::cid_parent, port_any};
    auto near = meet(socket, peer == unnamed ? target : peer);
    if (!near)
        return near.error().code.value();
    passage.carry(std::move(*near), std::move(far));
    return 0;
}

void World::enter_with_thread() const {
    if (::unshare(CLONE_FS) == 0 && ::fchdir(directory()) == 0)
        entered = this;
}

Result<UniqueFd> World::meeting_point(VsockAddress speaks_for) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot create a Unix socket", errno);
    const auto locked = lock_directory(directory(), "world " + path_);
    if (!locked)
        return locked.error();
    if (const auto claimed = claim(socket.get(), meeting_name(unforeseeable_digits(), speaks_for));
        !claimed)
        return claimed.error();
    if (::listen(socket.get(), 1) != 0) {
        const int failure = errno;
        unbind(socket.get(), speaks_for);
        return errno_error("cannot listen in " + path_, failure);
    }
    return socket;
}

Result<UniqueFd> World::meet(int socket, VsockAddress speaks_for) {
    const auto meeting = meeting_point(speaks_for);
    if (!meeting)
        return meeting.error();
    const int result = UnixAddress::of_socket(meeting->get())->connect(socket);
    UniqueFd near(result == 0 ? ::accept4(meeting->get(), nullptr, nullptr, SOCK_CLOEXEC) : -1);
    const int failure = result == 0 ? errno : result;
    unbind(meeting->get(), speaks_for);
    if (!near)
        return errno_error("cannot meet a socket in " + path_, failure);
    return near;
}

// Gives the socket the name by which the acceptor knows it. A socket that has one keeps it, as a
// vsock that was bound, or that tries a second time, keeps its port.
Result<Port> World::name_client(int socket, Cid seen_as, bool is_unnamed) {
    if (const auto name = is_unnamed ? std::nullopt : UnixAddress::of_socket(socket)) {
        const auto named = parse_socket_name(name->text());
        return named ? named->port : port_any;
    }
    int result = EADDRINUSE;
    for (int tries = port_tries_max; tries > 0 && result == EADDRINUSE; --tries) {
        const Port port = next_port();
        result = client_names_.of({seen_as, port}).bind(socket);
        if (result == 0)
            return port;
    }
    return errno_error(fmt::format("taking a port of CID {}", seen_as), result);
}

VsockAddress World::peer_of(int socket) {
    return named(UnixAddress::of_peer(socket));
}

VsockAddress World::peer_at(const sockaddr_storage& peer, socklen_t size) {
    return named(UnixAddress::of(peer, size));
}

Port World::next_port() {
    for (;;) {
        const Port port = next_port_.fetch_add(1, std::memory_order_relaxed);
        if (port >= first_unprivileged_port && port != port_any)
            return port;
    }
}

// Called with the lock held.
void World::remove_if_stale(const std::string& name) const {
    const auto held = is_held(directory(), path_, name);
    if (held && !*held)
        ::unlinkat(directory(), name.c_str(), 0);
}

// The names of all sockets in the world's directory, live or not.
std::vector<std::string> World::names() const {
    std::vector<std::string> found = entries_of(directory());
    std::erase_if(found, [](const std::string& name) { return !parse_socket_name(name); });
    return found;
}

// Called with the lock held.
void World::sweep() const {
    for (const std::string& name : names())
        remove_if_stale(name);
}

bool World::remove_if_unused() {
    const auto locked = lock_directory(directory(), "world " + path_);
    return locked && client_names_.are_used_here_alone() &&
           entries_of(directory()) == std::vector<std::string>{ClientNames::key_file} &&
           ::unlinkat(directory(), ClientNames::key_file, 0) == 0 && ::rmdir(path_.c_str()) == 0;
}

}  // namespace glovebox::transports
