// SPDX-License-Identifier: Apache-2.0

// Asks the process that has the faults of a world (`glovebox fault serve`). It listens on the
// socket `faults` in the world's directory, a message each way in JSON (SOCK_SEQPACKET):
//
//   {"ask":"connect","client":[16,1024],"listener":[3,8000]}     {"refused":false}
//   one byte with two descriptors, near and far                  no answer
//   {"ask":"set","fault":{"kind":"cut","port":8000}}             {"fault":1,"struck":2}
//   {"ask":"strike","part":"kms","request":"Decrypt"}            {"faults":[{"kind":"kms 500"}]}
//   {"ask":"name","enclave":"server","cid":16}                   {}
//   {"ask":"heal","fault":1}, {"ask":"heal"}                     {"healed":1}
//   {"ask":"list"}                                               {"faults":[...]}
//
// An answer may be {"error":"..."}.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/fault/fault.h"

namespace glovebox::fault {

inline constexpr const char* socket_name = "faults";
inline constexpr std::size_t message_bytes_max = 64 * 1024;

// An address that leads to the socket in the directory behind the descriptor, whatever the length
// of its path: "/proc/self/fd/7/faults".
[[nodiscard]] std::string socket_path(int directory);

// May be used from any thread. No call waits for longer than 10 s.
class Client {
  public:
    // Null if the world has no such socket; `directory` is its directory's descriptor, which is
    // duplicated.
    [[nodiscard]] static std::unique_ptr<Client> find(int directory);

    // One question and its answer. Errors: nobody answers; the answer's "error".
    [[nodiscard]] Result<boost::json::object> ask(const boost::json::object& question) const;

    // The faults that strike a request to "kms", "imds", or "nsm", the module of the enclave `cid`.
    // None where nobody answers.
    [[nodiscard]] std::vector<Fault> strike(std::string_view part, std::string_view request,
                                            std::optional<core::Cid> cid = std::nullopt) const;
    // Tells which CID the enclave of this name has, from now on.
    [[nodiscard]] Result<void> name(std::string_view enclave, core::Cid cid) const;

    // What may become a connection.
    class Passage {
      public:
        // Whether a fault refuses it. A process that does not answer refuses nothing.
        [[nodiscard]] bool is_refused() const { return is_refused_; }
        // Hands both sockets over: `near` leads to the program that connects, `far` to the
        // listener. Where that fails they are closed, as if the connection was cut.
        void carry(UniqueFd near, UniqueFd far);
        [[nodiscard]] explicit operator bool() const { return static_cast<bool>(channel_); }

      private:
        friend class Client;
        UniqueFd channel_;
        bool is_refused_ = false;
    };
    [[nodiscard]] Passage connect(core::VsockAddress client, core::VsockAddress listener) const;

  private:
    explicit Client(UniqueFd directory) : directory_(std::move(directory)) {}

    [[nodiscard]] Result<UniqueFd> reach() const;

    UniqueFd directory_;
};

}  // namespace glovebox::fault
