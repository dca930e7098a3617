// SPDX-License-Identifier: Apache-2.0

#include "core/egress/name_verdicts.h"

#include <utility>

#include "core/address/proxy_error.h"
#include "core/http/rule_question.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

}  // namespace

NameVerdicts::NameVerdicts(asio::any_io_executor executor, Transport& transport, Log& log,
                           NameVerdictOptions options)
    : executor_(executor),
      transport_(transport),
      log_(log),
      options_(std::move(options)),
      questions_(std::move(executor), log) {}

asio::awaitable<bool> NameVerdicts::allows(const HostName& name) {
    const std::shared_ptr<Verdict> verdict = verdict_on(name);
    if (verdict == nullptr)
        co_return true;
    while (!verdict->is_answered)
        co_await verdict->answered.async_wait(as_result);
    co_return verdict->is_allowed;
}

// What is known of the name or will be; null if it is not asked about.
std::shared_ptr<NameVerdicts::Verdict> NameVerdicts::verdict_on(const HostName& name) {
    const Time now = steady_clock::now();
    if (options_.ports.empty() || now < asks_from_)
        return nullptr;
    const auto is_over = [now](const auto& one) {
        return one.second->is_answered && one.second->until <= now;
    };
    const auto known = verdicts_.find(name);
    if (known != verdicts_.end() && !is_over(*known))
        return known->second;
    if (questions_.size() >= options_.questions_max)
        return nullptr;
    if (verdicts_.size() >= options_.names_max)
        std::erase_if(verdicts_, is_over);
    if (verdicts_.size() >= options_.names_max)
        return nullptr;
    auto verdict = std::make_shared<Verdict>(executor_);
    verdicts_.insert_or_assign(name, verdict);
    questions_.spawn(ask(name, verdict));
    return verdict;
}

asio::awaitable<void> NameVerdicts::ask(HostName name, std::shared_ptr<Verdict> verdict) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto answer = co_await question(rule_question(name, options_.ports));
    if (!answer)
        pause_after(answer.error());
    else if (*answer)
        log_.warning("name_refused", "{} has no address for programs here: the proxy answers: {}",
                     field("target", name.text()), field("error", **answer),
                     field("cid", options_.proxy.cid), field("port", options_.proxy.port));
    verdict->is_allowed = !answer || !*answer;
    verdict->is_answered = true;
    verdict->until = steady_clock::now() + options_.kept;
    verdict->answered.cancel();
}

asio::awaitable<Result<std::optional<std::string>>> NameVerdicts::question(std::string text) {
    auto connection = co_await transport_.connect(options_.proxy, options_.patience);
    if (!connection)
        co_return connection.error();
    co_return co_await ask_about_rules(connection->stream, std::move(text), options_.patience);
}

void NameVerdicts::pause_after(const Error& failure) {
    const bool is_unable = failure.code == ProxyError::tunnel_refused;
    asks_from_ =
        steady_clock::now() + (is_unable ? options_.unable_pause : options_.unanswered_pause);
    log_.debug("no_verdicts",
               "names have addresses whether the allowlist has them or not, since vsock {} does "
               "not tell: {}",
               field("target", to_string(options_.proxy)), field("error", failure.message));
}

void NameVerdicts::stop() {
    questions_.cancel();
}

asio::awaitable<void> NameVerdicts::finish() {
    co_await questions_.finish(std::chrono::milliseconds(0));
}

}  // namespace glovebox::core
