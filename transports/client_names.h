// SPDX-License-Identifier: Apache-2.0

// The abstract names (unix(7)) from which an acceptor reads the client's address:
//
//   "glovebox/" <32 hexadecimal digits> "/" <cid> "." <port>
//
// An abstract name belongs to the first process that binds it, of any user, and every name in use
// can be read in /proc/net/unix. The digits keep other users from binding the next names first:
// without the world's key they are not predictable. They also keep the clients of two worlds apart.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/crypto/hash.h"
#include "transports/unix_address.h"

namespace glovebox::transports {

class ClientNames {
  public:
    // The file of a world that holds the key of its names: 32 random bytes, for its user alone.
    static constexpr const char* key_file = "names.key";

    // Reads the key of the world with this directory, and creates it if it is missing. The caller
    // holds World's lock, so only one process is here at a time. The key is in use while the object
    // lives.
    [[nodiscard]] static Result<ClientNames> open(int directory);
    // Whether any process uses the key of the world with this path.
    [[nodiscard]] static bool are_in_use(const std::string& world);
    // Whether no other process uses the key. If so, others wait until this object ends.
    [[nodiscard]] bool are_used_here_alone() const;

    // The same name for the same client in every process of the world, so that the kernel refuses
    // a port that another live client has (EADDRINUSE).
    [[nodiscard]] UnixAddress of(core::VsockAddress client) const;

  private:
    using Key = std::array<std::uint8_t, 32>;

    [[nodiscard]] static Result<ClientNames> use(const Key& key, UniqueFd file);
    ClientNames(const Key& key, UniqueFd file)
        : hmac_(std::make_unique<Hmac>(HashAlgorithm::sha256, key)), file_(std::move(file)) {}

    std::unique_ptr<Hmac> hmac_;  // by the key
    UniqueFd file_;               // of the key, locked (flock) by all who use it
};

// 32 random hexadecimal digits, used once.
[[nodiscard]] std::string unforeseeable_digits();

// A name like a client's with digits that are used once: `text` follows the last '/'. Two
// sockets may have the same text.
[[nodiscard]] UnixAddress unforeseeable_name(std::string_view text);

// The client with this name. Empty for a name of another form.
[[nodiscard]] std::optional<core::VsockAddress> client_of(const UnixAddress& name);

}  // namespace glovebox::transports
