// A world: one directory in which a simulated parent and its enclaves meet, and the path rule
// inside it.
//
//   <world>/<cid>.<port>   the listening socket of (cid, port), e.g. 16.5005
//
// A client first binds <world>/<own cid>.<random free port>, unlinks that name at once and
// connects; the acceptor still reads it with getpeername, so the peer's CID and port are known with
// no extra byte on the stream and nothing left on disk. A peer without a name (socat, curl
// --unix-socket) counts as the parent. The rule for listeners is the one of
// gilbahat/vsock-emulation-layer. A CID is a claim here, not an authentication (SECURITY.md).
//
// This is the thin, Asio-free half of the Unix transport: plain descriptors and system calls, used
// by UnixTransport and by the supervisor. It never blocks and its sockets are the caller's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"

namespace glovebox::transports {

inline constexpr std::string_view default_world_name = "default";

class World {
  public:
    // Opens, and makes where it is absent, the world's directory: `name_or_path` with a '/' is a
    // directory as it is, otherwise $XDG_RUNTIME_DIR/glovebox/NAME, or /tmp/glovebox-$UID/NAME
    // without XDG_RUNTIME_DIR. The directory is made 0700; one that is a symlink, somebody else's
    // or open to others is an error that says so.
    [[nodiscard]] static Result<std::unique_ptr<World>> open(std::string_view name_or_path);

    // The name that --world or GLOVEBOX_WORLD gave, in this order, or default_world_name.
    [[nodiscard]] static std::string choose_name(std::string_view option);

    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    // O_PATH-like descriptor of the directory, for *at() calls.
    [[nodiscard]] int directory() const { return directory_.get(); }

    // Binds an AF_UNIX stream socket to `address` (a true CID; port_any picks a free one from 1024
    // up) and returns the address it has. A stale name, left by a process that was killed, is taken
    // over; one that a live socket holds is EADDRINUSE.
    [[nodiscard]] Result<core::VsockAddress> bind(int socket, core::VsockAddress address);

    // Removes the name of a listener that is about to close. Only `socket`'s own name is ever
    // removed.
    void unbind(int socket, core::VsockAddress address);

    // Connects an unconnected AF_UNIX stream socket, as `own` cid, to the listener of `target`;
    // returns the local address that it took. Never blocks whatever the socket's flags are. Nobody
    // listening and a full backlog are both ECONNRESET, as AF_VSOCK has it.
    [[nodiscard]] Result<core::VsockAddress> connect(int socket, core::Cid own,
                                                     core::VsockAddress target);

    // Who is at the other end of a connected socket, read from getpeername. {cid_parent, port_any}
    // for a peer that has no name of the world's form.
    [[nodiscard]] static core::VsockAddress peer_of(int socket);

  private:
    World(std::string path, UniqueFd directory);

    std::string path_;
    UniqueFd directory_;
};

}  // namespace glovebox::transports
