// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/allowlist_reload.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "core/base/counted.h"

namespace glovebox::vsock_proxy {
namespace {

using boost::system::error_code;

// stat(2) of a file sees what inotify doesn't: a file that a container has as a mount, or behind a
// link that changes, as Kubernetes has ConfigMaps.
constexpr std::chrono::seconds look_interval{1};

}  // namespace

AllowlistReload::AllowlistReload(const boost::asio::any_io_executor& executor,
                                 const std::vector<std::string>& files, Read read,
                                 core::Dialer& dialer, Log& log, bool heeds_signal, OnStep on_step)
    : files_(files.begin(), files.end()),
      read_(std::move(read)),
      dialer_(dialer),
      log_(log),
      on_step_(std::move(on_step)),
      signals_(executor),
      timer_(executor) {
    for (FileWatch& file : files_)
        static_cast<void>(file.take_change());
    if (heeds_signal) {
        signals_.add(SIGHUP);
        wait_for_signal();
    }
    if (!files_.empty())
        wait_for_change();
}

void AllowlistReload::close() {
    error_code ignored;
    signals_.cancel(ignored);
    timer_.cancel();
}

void AllowlistReload::wait_for_signal() {
    signals_.async_wait([this](const error_code& failure, int /*signal*/) {
        if (failure)
            return;
        reload(Cause::signal);
        wait_for_signal();
    });
}

void AllowlistReload::wait_for_change() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this](const error_code& failure) {
        if (failure)
            return;
        bool has_changed = false;
        for (FileWatch& file : files_)
            has_changed = file.take_change() || has_changed;
        if (has_changed)
            reload(Cause::change);
        wait_for_change();
    });
}

void AllowlistReload::reload(Cause cause) {
    on_step_(Step::begins);
    const bool succeeded = read_again(cause);
    on_step_(succeeded ? Step::succeeded : Step::failed);
}

bool AllowlistReload::read_again(Cause cause) {
    auto list = read_();
    if (!list) {
        const std::string& why = list.error().message;
        if (cause == Cause::signal || why != last_failure_)
            log_.error("not_reloaded", "the allowlist stays as it is, since it can't be read: {}",
                       field("error", why));
        last_failure_ = why;
        return false;
    }
    last_failure_.clear();
    if (cause == Cause::change && *list == *dialer_.allowlist())
        return true;
    const std::size_t rules = list->size();
    dialer_.replace(std::move(*list));
    log_.info("reloaded", "the allowlist was read again: {}", counted(rules, "rule"));
    return true;
}

}  // namespace glovebox::vsock_proxy
