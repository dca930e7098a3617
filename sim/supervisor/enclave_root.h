// SPDX-License-Identifier: Apache-2.0

// The root of an enclave, who has all capabilities over its kernel, and what stands for it here.
//
// In a sandbox the program is root of a user namespace, so that its capabilities end where the
// kernel asks for the machine's own (capable(2) of the initial namespace); at --isolation none it
// may be an ordinary user. Calls that need such a capability are answered by RootCalls for threads
// that would have it in an enclave.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {

// What the supervisor has to know of its enclave.
struct EnclaveFacts {
    bool is_sandbox = false;
    ino_t user_namespace = 0;                   // of its first program (namespace_of)
    std::optional<std::uint64_t> memory_bytes;  // as /proc/meminfo shows it; empty: the machine's
    std::vector<int> cpus;                      // those that it has; empty: the machine's
};

class EnclaveRoot {
  public:
    explicit EnclaveRoot(const EnclaveFacts& facts);

    enum class Right {
        none,       // it would lack the capability in an enclave too
        of_kernel,  // this machine's kernel gives it the capability
        shown,      // an enclave's kernel would, this machine's does not
    };
    // `capability` is one of linux/capability.h.
    [[nodiscard]] Right right_of(pid_t thread, unsigned capability) const;
    // The same for whoever has read the thread's status already.
    [[nodiscard]] Right right_of(pid_t thread, const ThreadStatus& status,
                                 unsigned capability) const;
    // Whether it is user 0 in an enclave.
    [[nodiscard]] bool is_root(pid_t thread, const ThreadStatus& status) const;

  private:
    [[nodiscard]] bool is_in_enclaves_namespace(pid_t thread) const;

    bool is_sandbox_;
    ino_t user_namespace_;
    uid_t user_;
    bool is_machines_;  // this process is in the machine's initial user namespace
};

// Tells of each thing once.
class Notices {
  public:
    explicit Notices(Log& log) : log_(log) {}

    template <class... Args>
    void tell(LogLevel level, const std::string& what, Event event,
              fmt::format_string<Args...> format, const Args&... args) {
        constexpr std::size_t things_max = 256;  // a program chooses some of their names
        if (told_.size() < things_max && told_.insert(what).second)
            log_.log(level, event, format, args...);
    }

  private:
    Log& log_;
    std::set<std::string> told_;
};

}  // namespace glovebox::supervisor
