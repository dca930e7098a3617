// SPDX-License-Identifier: Apache-2.0

// The service manager that started this process, as systemd has it: the states that this process
// reports to it, and the sockets that it handed over. The protocols are sd_notify(3)'s datagrams
// and sd_listen_fds(3)'s variables; other managers speak them too.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

// Reports the states of this process. Without a manager that wants to know, nothing happens.
class ServiceManager {
  public:
    // From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are removed from the environment: a
    // program that this process starts is no service of the manager's. A process that was started
    // as a successor (successor.h) has its predecessor as a second manager. Call it before there
    // are threads.
    [[nodiscard]] static ServiceManager take_environment();

    ServiceManager() = default;

    void tell_ready(std::string_view status);
    void tell_reloading() const;
    void tell_stopping() const;
    // From now on, that process is the service.
    void tell_main_process(pid_t process) const;
    void tell_alive() const;
    // How often to call tell_alive(), if the manager watches: half of the time after which it takes
    // this process for dead.
    [[nodiscard]] std::optional<std::chrono::microseconds> alive_interval() const {
        return alive_interval_;
    }

    // Those that take_environment() took, for a successor.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> variables() const;

  private:
    void tell(std::string_view state) const;

    std::string socket_;    // a path, or an abstract name behind an @
    UniqueFd predecessor_;  // waits for a byte
    std::optional<std::chrono::microseconds> alive_interval_;
};

// Listening sockets that were open before this process began.
class InheritedSockets {
  public:
    // From LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, which are removed from the environment. None
    // if they are for another process. Errors: a descriptor is not a listening stream socket. Call
    // it before there are threads.
    [[nodiscard]] static Result<InheritedSockets> take_environment();

    // The first socket that is meant, non-blocking and closed by exec; an empty one if there is
    // none.
    [[nodiscard]] UniqueFd take(const std::function<bool(int fd, std::string_view name)>& is_meant);
    [[nodiscard]] UniqueFd take(std::string_view name);

    // The names of the sockets that are not taken yet, "a, b"; empty if all are.
    [[nodiscard]] std::string left() const;

  private:
    struct Socket {
        UniqueFd fd;
        std::string name;
    };
    std::list<Socket> sockets_;
};

}  // namespace glovebox::core
