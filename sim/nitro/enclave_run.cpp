// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/enclave_run.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>
#include <iostream>

#include "core/address/vsock_address.h"
#include "core/stream/stream.h"
#include "core/stream/timeout.h"
#include "transports/vsock_transport.h"

namespace glovebox::nitro {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto probe_interval = 100ms;
// The kernel's own limit of a connect that nobody answers.
constexpr auto probe_patience = 2s;
constexpr auto probe_end_limit = 1s;
constexpr auto end_limit = 30s;
constexpr auto idle_interval = 1h;

constexpr std::string_view zero_pcr =
    "000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000";

Error failed(std::string message) {
    return Error(make_error_code(boost::system::errc::io_error), std::move(message));
}

// Closed when the enclave closes it, so that a server that writes to each client does not fail.
asio::awaitable<void> end_probe(core::Stream& stream) {
    stream.shutdown_send();
    const core::Deadline deadline(co_await asio::this_coro::executor, probe_end_limit,
                                  [&] { stream.watch().cancel(core::Stream::Event::readable); });
    std::array<char, 4096> bytes;
    while (!deadline.has_expired()) {
        if (co_await stream.ready(core::Stream::Event::readable))
            co_return;
        const ssize_t size =
            ::recv(stream.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
            co_return;
    }
}

}  // namespace

EnclaveRun::EnclaveRun(asio::io_context& context, NitroCli nitro_cli, EnclaveRunOptions options,
                       Log& log)
    : context_(context),
      nitro_cli_(std::move(nitro_cli)),
      options_(std::move(options)),
      log_(log),
      signals_(context, SIGTERM, SIGINT, SIGHUP),
      process_(context),
      changed_(context) {
    signals_.async_wait([this](const boost::system::error_code& failure, int signal) {
        if (failure)
            return;
        signal_ = signal;
        changed_.cancel();
    });
}

Result<void> EnclaveRun::start() {
    auto started = nitro_cli_.run(options_.request);
    if (!started)
        return started.error();
    enclave_ = std::move(*started);
    return {};
}

// In debug mode the module has zeros, and describe-enclaves prints the image's values.
Result<void> EnclaveRun::measure() {
    const auto enclaves = nitro_cli_.describe();
    if (!enclaves)
        return enclaves.error();
    const auto found = std::find_if(enclaves->begin(), enclaves->end(),
                                    [&](const auto& one) { return one.id == enclave_->id; });
    if (found == enclaves->end())
        return failed(fmt::format("enclave {} has ended as soon as it had booted", enclave_->id));
    enclave_ = *found;
    const auto pcr = [&](const char* name) {
        const auto value = enclave_->pcrs.find(name);
        return value == enclave_->pcrs.end() ? std::string() : value->second;
    };
    const auto boot_pcr = [&](const char* name) {
        return options_.request.debug ? std::string(zero_pcr) : pcr(name);
    };
    log_.info("measured", "PCR0 {}", field("pcr0", boot_pcr("PCR0")),
              field("pcr1", boot_pcr("PCR1")), field("pcr2", boot_pcr("PCR2")),
              field("pcr8", pcr("PCR8")));
    return {};
}

Result<void> EnclaveRun::watch() {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, enclave_->process, 0));
    if (process < 0 && errno != ESRCH)
        return errno_error(fmt::format("cannot watch process {}", enclave_->process), errno);
    if (process < 0) {
        has_ended_ = true;
        return {};
    }
    process_.assign(process);
    process_.async_wait(asio::posix::descriptor_base::wait_read,
                        [this](const boost::system::error_code& failure) {
                            if (failure)
                                return;
                            has_ended_ = true;
                            changed_.cancel();
                        });
    return {};
}

Result<void> EnclaveRun::open_console() {
    if (!options_.request.debug)
        return {};
    auto console = core::ChildProcess::start(
        context_, {nitro_cli_.console(enclave_->id)},
        [](core::ChildProcess::Output output, const std::string& line) {
            (output == core::ChildProcess::Output::standard_output ? std::cout : std::cerr)
                << line << std::endl;
        },
        [this] { changed_.cancel(); });
    if (!console)
        return Error(console.error()).in("the console");
    console_ = std::move(*console);
    return {};
}

asio::awaitable<void> EnclaveRun::next_change(Time at_the_latest) {
    boost::system::error_code ignored;
    changed_.expires_at(at_the_latest);
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Nothing but a connection shows from here that an enclave listens.
asio::awaitable<Result<void>> EnclaveRun::become_ready() {
    transports::VsockTransport transport(context_.get_executor(), core::cid_parent);
    const Time end = std::chrono::steady_clock::now() + options_.ready_timeout;
    std::optional<core::Connection> probe;
    while (options_.ready_port && !is_over()) {
        const core::VsockAddress address{enclave_->cid, *options_.ready_port};
        auto connected = co_await transport.connect(address, probe_patience);
        if (connected) {
            probe.emplace(std::move(*connected));
            break;
        }
        if (connected.error().code == boost::system::errc::address_family_not_supported ||
            connected.error().code == boost::system::errc::no_such_device)
            co_return connected.error();
        const Time now = std::chrono::steady_clock::now();
        if (now >= end)
            co_return failed(fmt::format(
                "the enclave does not listen on vsock port {} after {} s: {}. "
                "--ready-timeout changes the time",
                *options_.ready_port,
                std::chrono::duration_cast<std::chrono::seconds>(options_.ready_timeout).count(),
                connected.error().message));
        co_await next_change(std::min(end, now + probe_interval));
    }
    if (!is_over())
        log_.info("ready", "ready: CID {}, {}", field("cid", enclave_->cid), enclave_->id);
    if (probe)
        co_await end_probe(probe->stream);
    co_return Result<void>();
}

asio::awaitable<Result<int>> EnclaveRun::live() {
    auto good = measure();
    if (good)
        good = watch();
    if (good)
        good = open_console();
    if (good)
        good = co_await become_ready();
    if (!good)
        co_return good.error();
    while (!is_over())
        co_await next_change(std::chrono::steady_clock::now() + idle_interval);
    if (signal_ != 0)
        co_return 128 + signal_;
    co_return failed(fmt::format(
        "enclave {} has ended by itself: nitro-cli does not tell with what status{}", enclave_->id,
        options_.request.debug ? "" : ", and only debug mode has a console"));
}

asio::awaitable<Result<void>> EnclaveRun::terminate() {
    if (!has_ended_) {
        const auto done = nitro_cli_.terminate(enclave_->id);
        const auto left = nitro_cli_.describe();
        const bool is_left = !left || std::any_of(left->begin(), left->end(), [&](const auto& one) {
            return one.id == enclave_->id;
        });
        if (!done && is_left)
            co_return Error(done.error())
                .with_advice(fmt::format("The enclave may still run: `nitro-cli terminate-enclave "
                                         "--enclave-id {}` ends it",
                                         enclave_->id));
        const Time end = std::chrono::steady_clock::now() + end_limit;
        while (process_.is_open() && !has_ended_ && std::chrono::steady_clock::now() < end)
            co_await next_change(end);
        if (process_.is_open() && !has_ended_)
            co_return failed(
                fmt::format("process {} of enclave {} is still there {} s after it "
                            "was terminated",
                            enclave_->process, enclave_->id, end_limit.count()));
    }
    co_return Result<void>();
}

// To the end of its console, which ends with the enclave.
asio::awaitable<void> EnclaveRun::close_console() {
    if (!console_)
        co_return;
    console_->send_signal(SIGTERM);
    const Time end = std::chrono::steady_clock::now() + end_limit;
    while (!console_->output_has_ended() && std::chrono::steady_clock::now() < end)
        co_await next_change(end);
}

asio::awaitable<Result<int>> EnclaveRun::run() {
    Result<int> status = 0;
    if (const auto started = start(); !started) {
        status = started.error();
    } else {
        status = co_await live();
        if (const auto ended = co_await terminate(); !ended && status)
            status = ended.error();
        co_await close_console();
    }
    boost::system::error_code ignored;
    signals_.cancel(ignored);
    process_.close(ignored);
    co_return status;
}

}  // namespace glovebox::nitro
