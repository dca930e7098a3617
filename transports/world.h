// SPDX-License-Identifier: Apache-2.0

// A world: one directory in which a simulated parent and its enclaves meet.
//
//   <world>/<cid>.<port>   the socket of (cid, port), e.g. 16.5005 (socket_name.h). Its mode says
//                          whether it is bound (0600) or listens (0700).
//
// A client first binds an abstract name that ends in "/<cid>.<port>" (client_names.h); the
// acceptor reads it with getpeername, so the peer's CID and port are known with no extra byte on
// the stream. The kernel keeps abstract names apart as long as a socket has them, in each network
// namespace, and forgets them with it: no two live clients share a port, nothing is ever left on
// disk, and it costs a few us (docs/decisions/names-in-a-world.md). A peer without such a name
// (socat, curl --unix-socket) counts as the parent. A CID is a claim here, not an authentication
// (SECURITY.md).
//
// Two things make listeners' names hold together:
//
// * They go through /proc/self/fd/<directory>/<name> (unix_address.h): a sockaddr_un has 108 bytes,
//   a run directory may have more, and what was checked when it was opened is what is used.
// * Held or stale? A name that a killed process left looks like any other, and connecting to find
//   out would hand a live listener a connection. So it is probed with a socket of the wrong type:
//   connect(2) of a SOCK_DGRAM socket says EPROTOTYPE when any live stream socket has the name,
//   listening or not, and ECONNREFUSED when none has. The kernel looks that up by inode, for every
//   network namespace alike, whereas unix_diag and /proc/net/unix show the caller's namespace alone
//   and enclaves live in their own.
//
// This is the thin, Asio-free half of the Unix transport: plain descriptors and system calls, used
// by UnixTransport and by the supervisor. Its sockets are the caller's; it does no network wait,
// whatever their flags are. Every verb may be called from any thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"
#include "transports/client_names.h"

namespace glovebox::transports {

inline constexpr std::string_view default_world_name = "default";

class World {
  public:
    // Opens, and makes where it is absent, the world's directory: `name_or_path` with a '/' is a
    // directory as it is, otherwise NAME in run_folder(). The directory is made 0700; one that
    // is a symlink, somebody else's or open to others is an error that says so
    // (private_directory.h). Names that killed processes have left in it are cleared away.
    [[nodiscard]] static Result<std::unique_ptr<World>> open(std::string_view name_or_path);

    // The name that --world or GLOVEBOX_WORLD gave, in this order, or default_world_name.
    // Empty where the variable is, which open() refuses.
    [[nodiscard]] static std::string choose_name(std::string_view option);

    // Whether a process has opened the world with this path and still lives.
    [[nodiscard]] static bool is_in_use(const std::string& path) {
        return ClientNames::are_in_use(path);
    }

    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    // Descriptor of the directory, for *at() calls.
    [[nodiscard]] int directory() const { return directory_.get(); }

    // Removes the directory where nothing is left in it and no other process has opened it; whether
    // it did. No verb may follow.
    [[nodiscard]] bool remove_if_unused();

    // Binds an AF_UNIX stream socket for `own` to `address`, whose CID is own, any or local (1), as
    // bindable_cid() says, and whose port is any for a free one from 1024 up. Returns the address
    // it has: own or local, and the port. A stale name is taken over; one that a live socket holds
    // is EADDRINUSE. Ports below 1024 are not judged here (check_port_privilege).
    [[nodiscard]] Result<core::VsockAddress> bind(int socket, core::Cid own,
                                                  core::VsockAddress address);
    // The same where the CID is a true one and one's own.
    [[nodiscard]] Result<core::VsockAddress> bind(int socket, core::VsockAddress address) {
        return bind(socket, address.cid, address);
    }

    // Marks the name of a bound socket as listening; to be called after listen(2). Whoever waits
    // for a listener (ListenerWatch) is woken by it. A socket without a name in this world is left
    // alone.
    void mark_listening(int socket) const;

    // The addresses of the world that a live socket listens at, ascending; those bound to CID 1 are
    // left out.
    [[nodiscard]] std::vector<core::VsockAddress> listeners() const;
    // Whether a live socket listens at the address.
    [[nodiscard]] bool is_listening(core::VsockAddress address) const;

    // Removes the name that bind() gave to `socket`, which is about to close, and no other: a name
    // that was removed and taken by somebody else meanwhile stays. For a socket that is closed
    // already, give -1: the name goes unless a live socket has it.
    void unbind(int socket, core::Cid own, core::VsockAddress address);
    void unbind(int socket, core::VsockAddress address) { unbind(socket, address.cid, address); }

    // Connects an AF_UNIX stream socket, as `own`, to the listener of `target`; returns the local
    // address that it took, or that bind() or an earlier attempt gave it. Who is reached says
    // route() in reach.h. Nobody reached, nobody listening and a full backlog are all ECONNRESET,
    // as AF_VSOCK has it, and the socket may try again.
    [[nodiscard]] Result<core::VsockAddress> connect(int socket, core::Cid own,
                                                     core::VsockAddress target);

    // A listening socket of this process's own, in the world's directory and so for its user alone,
    // whose peer reads the address as who it is connected to. For one connection: unbind() then.
    [[nodiscard]] Result<UniqueFd> meeting_point(core::VsockAddress speaks_for);

    // Who is at the other end of a connected socket, read from getpeername, also after that end has
    // closed. {cid_parent, port_any} for a peer that has no name of the world's form.
    [[nodiscard]] static core::VsockAddress peer_of(int socket);

  private:
    // The name that a socket was given, and the file that it is.
    struct Bound {
        std::string name;
        dev_t device;
        ino_t file;
    };

    World(std::string path, UniqueFd directory, ClientNames client_names, core::Port first_port);

    [[nodiscard]] core::Port next_port();
    [[nodiscard]] Result<void> check_free(const std::string& name) const;
    [[nodiscard]] Result<void> claim(int socket, const std::string& name);
    [[nodiscard]] Result<core::Port> name_client(int socket, core::Cid seen_as);
    [[nodiscard]] Result<bool> is_held(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names() const;
    void remove_if_stale(const std::string& name) const;
    void sweep() const;

    std::string path_;
    UniqueFd directory_;
    ClientNames client_names_;
    std::atomic<core::Port> next_port_;
    std::mutex mutex_;
    // By the socket's own inode, which its duplicates share; guarded by mutex_.
    std::map<ino_t, Bound> bound_;
};

}  // namespace glovebox::transports
