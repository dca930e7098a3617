// SPDX-License-Identifier: Apache-2.0

// The abstract names (unix(7)) by which an acceptor knows who connected:
//
//   "glovebox/" <32 hexadecimal digits> "/" <cid> "." <port>
//
// An abstract name belongs to whoever binds it first, whichever user that is, and every name in use
// can be read in /proc/net/unix. The digits keep other users from binding the next names before
// their owner does: nobody without the world's key can foresee them. They also keep the clients of
// two worlds apart.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"
#include "transports/unix_address.h"

namespace glovebox::transports {

class ClientNames {
  public:
    // The file of a world that holds the key of its names: 32 random bytes, for its user alone.
    static constexpr const char* key_file = "names.key";

    // Reads the key of the world whose directory this is; makes it where it is missing. One process
    // at a time may be in here (World's lock). As long as the object lives, the key is in use.
    [[nodiscard]] static Result<ClientNames> open(int directory);
    // Whether the key of the world with this path is in use, by whichever process.
    [[nodiscard]] static bool are_in_use(const std::string& world);
    // Whether nobody else uses the key. Whoever would has to wait for the object's end then.
    [[nodiscard]] bool are_used_here_alone() const;

    // The same name for the same client in every process of the world, so that the kernel refuses
    // a port that another live client has (EADDRINUSE).
    [[nodiscard]] UnixAddress of(core::VsockAddress client) const;

  private:
    using Key = std::array<std::uint8_t, 32>;

    [[nodiscard]] static Result<ClientNames> use(const Key& key, UniqueFd file);
    ClientNames(const Key& key, UniqueFd file) : key_(key), file_(std::move(file)) {}

    Key key_{};
    UniqueFd file_;  // of the key, locked (flock) by all who use it
};

// 32 hexadecimal digits that nobody can foresee and that are used once.
[[nodiscard]] std::string unforeseeable_digits();

// A name like a client's with digits that are used once: `text` is what follows the last '/'. Two
// sockets may have the same text.
[[nodiscard]] UnixAddress unforeseeable_name(std::string_view text);

// The client whose name this is. Nothing for a name of another form.
[[nodiscard]] std::optional<core::VsockAddress> client_of(const UnixAddress& name);

}  // namespace glovebox::transports
