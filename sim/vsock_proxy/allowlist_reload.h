// SPDX-License-Identifier: Apache-2.0

// A proxy's allowlist while the proxy runs: its files are read again on SIGHUP, and within a second
// after one of them has changed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file_watch.h"
#include "core/base/log.h"
#include "core/dial/dialer.h"
#include "core/rules/allowlist.h"

namespace glovebox::vsock_proxy {

class AllowlistReload {
  public:
    // Returns the whole list: of the files, and of rules that are in none.
    using Read = std::function<Result<core::Allowlist>()>;
    // Called at the beginning and the end of each reading that a signal or a change causes.
    enum class Step { begins, succeeded, failed };
    using OnStep = std::function<void(Step)>;

    // A list that can't be read is logged, and the dialer keeps the one that it has. `heeds_signal`
    // is false where SIGHUP is another's. All outlive this object and are used on the executor.
    AllowlistReload(
        const boost::asio::any_io_executor& executor, const std::vector<std::string>& files,
        Read read, core::Dialer& dialer, Log& log, bool heeds_signal, OnStep on_step = [](Step) {});

    // Ends the waits, and with them the event loop that has nothing else to do.
    void close();

  private:
    enum class Cause { signal, change };

    [[nodiscard]] bool read_again(Cause cause);

    void wait_for_signal();
    void wait_for_change();
    void reload(Cause cause);

    std::vector<FileWatch> files_;
    Read read_;
    core::Dialer& dialer_;
    Log& log_;
    OnStep on_step_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    std::string last_failure_;  // of a change: a file that stays broken is reported once
};

}  // namespace glovebox::vsock_proxy
