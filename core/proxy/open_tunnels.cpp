// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/open_tunnels.h"

#include <boost/asio/post.hpp>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace glovebox::core {

struct OpenTunnels::Place::Entry {
    boost::asio::any_io_executor loop;
    JudgedTunnel tunnel;
    // On the loop alone:
    std::function<void()> cancel{};
    bool is_forbidden = false;
};

struct OpenTunnels::State {
    std::mutex mutex;
    std::set<std::shared_ptr<Place::Entry>> entries;
};

OpenTunnels::OpenTunnels() : state_(std::make_shared<State>()) {}

OpenTunnels::Place::~Place() {
    if (!entry_)
        return;
    entry_->cancel = nullptr;
    const std::lock_guard lock(state_->mutex);
    state_->entries.erase(entry_);
}

std::function<void()>& OpenTunnels::Place::canceller() {
    return entry_->cancel;
}

bool OpenTunnels::Place::is_forbidden() const {
    return entry_->is_forbidden;
}

OpenTunnels::Place OpenTunnels::add(const boost::asio::any_io_executor& loop, JudgedTunnel tunnel) {
    auto entry = std::make_shared<Place::Entry>(Place::Entry{loop, std::move(tunnel)});
    const std::lock_guard lock(state_->mutex);
    state_->entries.insert(entry);
    return {state_, std::move(entry)};
}

std::size_t OpenTunnels::end_unless(
    const std::function<bool(const JudgedTunnel& tunnel)>& is_allowed) {
    std::vector<std::shared_ptr<Place::Entry>> ending;
    {
        const std::lock_guard lock(state_->mutex);
        for (const auto& entry : state_->entries)
            if (!is_allowed(entry->tunnel))
                ending.push_back(entry);
    }
    for (const auto& entry : ending)
        boost::asio::post(entry->loop, [entry] {
            entry->is_forbidden = true;
            if (const auto cancel = entry->cancel)
                cancel();
        });
    return ending.size();
}

}  // namespace glovebox::core
