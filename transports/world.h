// SPDX-License-Identifier: Apache-2.0

// A world: one directory in which a simulated parent and its enclaves meet.
//
//   <world>/<cid>.<port>   the socket of (cid, port), e.g. 16.5005 (socket_name.h). Its mode says
//                          whether it is bound (0600) or listens (0700).
//
// A client first binds an abstract name that ends in "/<cid>.<port>" (client_names.h); the
// acceptor reads it with getpeername, so the peer's CID and port are known without an extra byte
// on the stream. The kernel keeps abstract names unique while a socket has them, in each network
// namespace, and removes them with it: no two live clients share a port, no file remains, and it
// takes a few us (docs/decisions/names-in-a-world.md). A peer without such a name
// (socat, curl --unix-socket) counts as the parent. A CID is a claim here, not an authentication
// (SECURITY.md).
//
// Two techniques make listeners' names reliable:
//
// * They go through /proc/self/fd/<directory>/<name> (unix_address.h): a sockaddr_un has 108 bytes,
//   a run directory's path may have more, and the directory in use is the one that was checked.
// * Live or stale? A name is probed with a socket of the wrong type (socket_file.h). The kernel
//   looks that up by inode, in every network namespace; unix_diag and /proc/net/unix show only the
//   caller's namespace, and enclaves have their own.
//
// This is the thin, Asio-free half of the Unix transport: plain descriptors and system calls, used
// by UnixTransport and by the supervisor. The caller owns the sockets; no function waits for the
// network, whatever their flags are. Every function may be called from any thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/fault/client.h"
#include "transports/client_names.h"

namespace glovebox::transports {

inline constexpr std::string_view default_world_name = "default";

class World {
  public:
    // Opens the world's directory, and creates it if it is missing: `name_or_path` with a '/' is
    // the directory itself, otherwise NAME in run_folder(). A new directory has mode 0700; a
    // symbolic link, another user's directory or one that is open to others is an error with the
    // reason (private_directory.h). Removes names that killed processes have left.
    [[nodiscard]] static Result<std::unique_ptr<World>> open(std::string_view name_or_path);

    // The name from --world or GLOVEBOX_WORLD, in this order, or default_world_name. Empty if the
    // variable is empty, which open() refuses.
    [[nodiscard]] static std::string choose_name(std::string_view option);

    // Whether a living process has opened the world with this path.
    [[nodiscard]] static bool is_in_use(const std::string& path) {
        return ClientNames::are_in_use(path);
    }

    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    // Descriptor of the directory, for *at() calls.
    [[nodiscard]] int directory() const { return directory_.get(); }

    // Removes the directory if it is empty and no other process has opened it, and returns whether
    // it did. Call no other function after it.
    [[nodiscard]] bool remove_if_unused();

    // Binds an AF_UNIX stream socket for `own` to `address`, whose CID is own, any or local (1), as
    // bindable_cid() says, and whose port is any for a free one from 1024 up. Returns the
    // address: own or local, and the port. Takes a stale name over. Errors: EADDRINUSE if a live
    // socket has the name. Ports below 1024 are not checked here (check_port_privilege).
    [[nodiscard]] Result<core::VsockAddress> bind(int socket, core::Cid own,
                                                  core::VsockAddress address);
    // The same for this side's own CID.
    [[nodiscard]] Result<core::VsockAddress> bind(int socket, core::VsockAddress address) {
        return bind(socket, address.cid, address);
    }

    // Marks the name of a bound socket as listening, which wakes every ListenerWatch. Call it after
    // listen(2). Does nothing for a socket without a name in this world.
    void mark_listening(int socket) const;

    // The addresses of the world at which a live socket listens, ascending, without those bound to
    // CID 1.
    [[nodiscard]] std::vector<core::VsockAddress> listeners() const;
    // Whether a live socket listens at the address.
    [[nodiscard]] bool is_listening(core::VsockAddress address) const;

    // Removes the name that bind() gave to `socket`, before it is closed. A name that another
    // socket has taken meanwhile stays. For a socket that is already closed, pass -1: the name is
    // removed unless a live socket has it.
    void unbind(int socket, core::Cid own, core::VsockAddress address);
    void unbind(int socket, core::VsockAddress address) { unbind(socket, address.cid, address); }

    // Connects an AF_UNIX stream socket, as `own`, to the listener of `target`; returns the local
    // address: a new one, or that of bind() or an earlier attempt. route() in reach.h decides which
    // side is reached. Errors: ECONNRESET, as in AF_VSOCK, if no side is reached, nothing listens
    // or the backlog is full; the socket may try again. `is_unnamed`: that it has no name is known.
    // In a world with faults, a fault may refuse it, and a stream is connected to their carrier.
    [[nodiscard]] Result<core::VsockAddress> connect(int socket, core::Cid own,
                                                     core::VsockAddress target,
                                                     bool is_unnamed = false);

    // Gives the calling thread a working directory of its own (CLONE_FS), the world's: from then on
    // its connect() finds listeners without the way through /proc, which takes the kernel as long
    // as half of a notification. For a thread that uses no relative paths and ends before the
    // world. It changes nothing where the kernel refuses.
    void enter_with_thread() const;

    // Connects a stream socket to this process, in the world's directory and so privately to its
    // user; the socket reads `speaks_for` as its peer's address. Returns the other end.
    [[nodiscard]] Result<UniqueFd> meet(int socket, core::VsockAddress speaks_for);

    // The peer's address of a connected socket, read from getpeername, also after the peer has
    // closed. {cid_parent, port_any} for a peer that has no name of the world's form.
    [[nodiscard]] static core::VsockAddress peer_of(int socket);
    // The same of the address that accept(2) told.
    [[nodiscard]] static core::VsockAddress peer_at(const sockaddr_storage& peer, socklen_t size);

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
    [[nodiscard]] Result<core::Port> name_client(int socket, core::Cid seen_as, bool is_unnamed);
    // Connects a socket as `client` by `connect`, and `socket` to the carrier of the world's faults
    // between the two. Returns 0, an errno value or refused_by_fault.
    template <class Connect>
    [[nodiscard]] int connect_through_faults(int socket, core::VsockAddress client,
                                             core::VsockAddress target, const Connect& connect);
    [[nodiscard]] Result<UniqueFd> meeting_point(core::VsockAddress speaks_for);
    [[nodiscard]] std::vector<std::string> names() const;
    void remove_if_stale(const std::string& name) const;
    void sweep() const;

    std::string path_;
    UniqueFd directory_;
    ClientNames client_names_;
    const std::unique_ptr<fault::Client> faults_;  // null in a world without
    std::atomic<core::Port> next_port_;
    std::mutex mutex_;
    // By the socket's own inode, which its duplicates share; guarded by mutex_.
    std::map<ino_t, Bound> bound_;
};

}  // namespace glovebox::transports
