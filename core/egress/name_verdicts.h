// SPDX-License-Identifier: Apache-2.0

// Whether the parent's allowlist could ever open a connection to a name, so that a name that it
// cannot open does not exist for programs here. The parent's proxy is asked (rule_question.h), and
// its answers are kept for seconds, since its rules may change. A proxy that does not tell, such as
// AWS's, allows every name: its refusal comes with the connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/stream/connection_group.h"
#include "core/stream/transport.h"

namespace glovebox::core {

struct NameVerdictOptions {
    VsockAddress proxy{cid_parent, 8001};
    std::vector<TcpPort> ports;  // ascending; without one, every name is allowed
    // For a question. Programs' resolvers ask again after 2 s (c-ares) to 5 s (glibc, Go).
    std::chrono::milliseconds patience{1000};
    std::chrono::milliseconds kept{3000};  // an answer
    // No questions, after a proxy did not answer one, and after an answer that is no verdict.
    std::chrono::milliseconds unanswered_pause{5000};
    std::chrono::milliseconds unable_pause{300000};
    std::size_t names_max = 4096;     // that are kept
    std::size_t questions_max = 128;  // at a time; further names are allowed
};

class NameVerdicts {
  public:
    // All run on the executor, which is not run by several threads at once, and outlive this.
    NameVerdicts(boost::asio::any_io_executor executor, Transport& transport, Log& log,
                 NameVerdictOptions options);

    // Whether a program may know the name, which outlives the call. A refusal is logged, once for
    // each question.
    [[nodiscard]] boost::asio::awaitable<bool> allows(const HostName& name);

    // Ends the questions that are under way.
    void stop();
    // Returns when they have ended.
    [[nodiscard]] boost::asio::awaitable<void> finish();

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Verdict {
        explicit Verdict(const boost::asio::any_io_executor& executor)
            : answered(executor, Time::max()) {}

        boost::asio::steady_timer answered;  // never fires; cancelled by the answer
        bool is_answered = false;
        bool is_allowed = true;
        Time until{};
    };

    std::shared_ptr<Verdict> verdict_on(const HostName& name);
    boost::asio::awaitable<void> ask(HostName name, std::shared_ptr<Verdict> verdict);
    boost::asio::awaitable<Result<std::optional<std::string>>> question(std::string text);
    void pause_after(const Error& failure);

    boost::asio::any_io_executor executor_;
    Transport& transport_;
    Log& log_;
    NameVerdictOptions options_;
    std::map<HostName, std::shared_ptr<Verdict>> verdicts_;
    Time asks_from_{};  // until then, no questions
    ConnectionGroup questions_;
};

}  // namespace glovebox::core
