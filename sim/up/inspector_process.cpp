// SPDX-License-Identifier: Apache-2.0

#include "sim/up/inspector_process.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <utility>

namespace glovebox::up {
namespace {

namespace asio = boost::asio;

// A page that does not take its last events is not waited for any longer.
constexpr std::chrono::seconds patience(2);
constexpr const char* label = "inspect";

}  // namespace

Result<InspectorProcess> InspectorProcess::start(asio::io_context& context,
                                                 const std::string& program,
                                                 const std::string& directory,
                                                 const std::string& pki, Tell tell) {
    InspectorProcess inspector(context);
    core::Command command{
        {program, "inspect", "--world", directory, "--ends-with-world", "--log-json"}};
    if (!pki.empty())
        command.arguments.insert(command.arguments.end(), {"--pki", pki});
    auto process = core::ChildProcess::start(
        context, command,
        [tell = std::move(tell), is_ready = inspector.is_ready_](core::ChildProcess::Output,
                                                                 const std::string& line) {
            const TimelineEntry entry = entry_of_error_line(label, line);
            tell(entry);
            *is_ready = *is_ready || entry.event == "ready";
        },
        [ended = inspector.output_ended_.get()] { ended->cancel(); });
    if (!process)
        return Error(process.error()).in(label);
    inspector.process_ = std::move(*process);
    return inspector;
}

Result<void> InspectorProcess::await_address(asio::io_context& context) {
    while (!*is_ready_ && !process_->output_has_ended() && context.run_one() > 0) {
    }
    context.restart();
    if (!*is_ready_)
        return invalid_input(
            "`glovebox inspect` ended before it had an address: run the world without --inspect");
    return {};
}

asio::awaitable<void> InspectorProcess::finish() {
    boost::system::error_code ignored;
    for (const int signal : {0, SIGTERM, SIGKILL}) {
        if (signal != 0)
            process_->send_signal(signal);
        output_ended_->expires_after(patience);
        while (!process_->output_has_ended() &&
               output_ended_->expiry() > std::chrono::steady_clock::now())
            co_await output_ended_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (process_->output_has_ended())
            co_return;
    }
}

}  // namespace glovebox::up
