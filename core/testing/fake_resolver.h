// SPDX-License-Identifier: Apache-2.0

// For tests: a Resolver that answers from a table.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/address/proxy_error.h"
#include "core/dns/resolver.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {

class FakeResolver final : public Resolver {
  public:
    // Each lookup of `name` takes the next of its answers; the last one stays.
    void answer(const std::string& name, const std::vector<std::string>& addresses) {
        std::vector<IpAddress> answer;
        for (const std::string& address : addresses)
            answer.push_back(parse_ip_address(address).value());
        answers_[name].push_back(std::move(answer));
    }
    // Answers come so much later.
    void delay(std::chrono::milliseconds by) { delay_ = by; }

    [[nodiscard]] int lookups() const { return lookups_; }
    [[nodiscard]] Cid last_asker() const { return last_asker_; }

    boost::asio::awaitable<Result<std::vector<IpAddress>>> resolve(HostName name,
                                                                   Cid asker) override {
        ++lookups_;
        last_asker_ = asker;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay_);
        co_await timer.async_wait(as_result);
        const auto found = answers_.find(name.text());
        if (found == answers_.end())
            co_return Error(ProxyError::name_unknown, "the name " + name.text() + " is not known");
        auto answer = found->second.front();
        if (found->second.size() > 1)
            found->second.pop_front();
        co_return answer;
    }

  private:
    std::map<std::string, std::deque<std::vector<IpAddress>>> answers_;
    std::chrono::milliseconds delay_{0};
    int lookups_ = 0;
    Cid last_asker_ = cid_any;
};

}  // namespace glovebox::core
