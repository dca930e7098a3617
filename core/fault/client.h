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
// An answer may be {"error":"..."}. `glovebox up` listens on the socket `control` in the same way:
//
//   {"ask":"restart","part":"server","wait":true}                {"part":"server"}
//   {"ask":"stop","part":"server"}, {"ask":"reload","part":"out"}
//
// and answers once that is done, or with "wait":false when it has begun.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
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

// Who is asked, by the socket's name.
struct Respondent {
    const char* socket;
    const char* what;  // is asked about, for errors
    std::chrono::seconds patience;
};
inline constexpr Respondent of_faults{socket_name, "the world's faults", std::chrono::seconds(10)};
// Until an enclave is ready that is started again.
inline constexpr Respondent of_parts{"control", "the world's parts", std::chrono::minutes(10)};

// An address that leads to the socket in the directory behind the descriptor, whatever the length
// of its path: "/proc/self/fd/7/faults".
[[nodiscard]] std::string socket_path(int directory, const char* name = socket_name);

// May be used from any thread. No call waits for longer than the respondent's patience.
class Client {
  public:
    // Null if the world has no such socket; `directory` is its directory's descriptor, which is
    // duplicated.
    [[nodiscard]] static std::unique_ptr<Client> find(int directory,
                                                      const Respondent& respondent = of_faults);

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
    Client(UniqueFd directory, const Respondent& respondent)
        : directory_(std::move(directory)), respondent_(respondent) {}

    [[nodiscard]] Result<UniqueFd> reach() const;

    UniqueFd directory_;
    Respondent respondent_;
};

}  // namespace glovebox::fault
