// SPDX-License-Identifier: Apache-2.0

// AF_UNIX addresses as this module uses them: files in a directory that is held by descriptor, and
// abstract names, which are in no file system.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

namespace glovebox::transports {

class UnixAddress {
  public:
    // The file `name` of the directory behind the descriptor, as /proc/self/fd/<directory>/<name>:
    // the 108 bytes of a sun_path suffice for a directory with any path, and the directory is the
    // one that was opened, even if its path leads elsewhere now.
    [[nodiscard]] static UnixAddress in_directory(int directory, std::string_view name);

    // The file `name` of the working directory of the thread that uses the address.
    [[nodiscard]] static UnixAddress in_working_directory(std::string_view name);

    // An abstract name (unix(7)), at most 107 bytes of `text` after the zero byte.
    [[nodiscard]] static UnixAddress abstract(std::string_view text);

    // Empty if the descriptor is not an AF_UNIX socket or that end has no name.
    [[nodiscard]] static std::optional<UnixAddress> of_socket(int socket);
    [[nodiscard]] static std::optional<UnixAddress> of_peer(int socket);
    // As accept(2) tells the peer's; empty if it has no name.
    [[nodiscard]] static std::optional<UnixAddress> of(const sockaddr_storage& address,
                                                       socklen_t size);

    [[nodiscard]] bool is_abstract() const { return un_.sun_path[0] == '\0'; }
    // The path, or the abstract name's bytes after the zero byte.
    [[nodiscard]] std::string_view text() const;

    // The system calls of the same name; 0 or errno. connect() never waits, whatever the socket's
    // flags are: O_NONBLOCK is set for its duration.
    [[nodiscard]] int bind(int socket) const;
    [[nodiscard]] int connect(int socket) const;

  private:
    UnixAddress() { un_.sun_family = AF_UNIX; }

    [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&un_); }
    template <class GetName>
    static std::optional<UnixAddress> read(GetName get_name, int socket);

    sockaddr_un un_{};
    socklen_t length_ = sizeof un_;
};

}  // namespace glovebox::transports
