// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/succession.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace glovebox::vsock_proxy {

using boost::system::error_code;

Succession::Succession(const boost::asio::any_io_executor& executor, Options options, Log& log)
    : options_(std::move(options)), log_(log), signals_(executor, SIGUSR2), ready_(executor) {
    wait_for_signal();
}

void Succession::close() {
    error_code ignored;
    signals_.cancel(ignored);
    ready_.close(ignored);
}

void Succession::wait_for_signal() {
    signals_.async_wait([this](const error_code& failure, int /*signal*/) {
        if (!failure)
            begin();
    });
}

void Succession::begin() {
    auto successor = core::start_successor(options_.sockets(), options_.variables);
    if (!successor) {
        log_.error("not_replaced", "this process goes on, since its successor can't be started: {}",
                   field("error", successor.error().message));
        return wait_for_signal();
    }
    log_.info("replacing", "process {} is to take the listeners over", successor->process);
    ready_.assign(successor->ready.release());
    wait_for_successor(successor->process);
}

void Succession::wait_for_successor(pid_t process) {
    ready_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [this, process](const error_code& failure) {
                          if (!failure)
                              on_news(process);
                      });
}

void Succession::on_news(pid_t process) {
    char word = 0;
    const ssize_t size = ::read(ready_.native_handle(), &word, sizeof word);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for_successor(process);
    error_code ignored;
    ready_.close(ignored);
    if (size == sizeof word) {
        log_.info("replaced", "process {} has taken the listeners over", process);
        return options_.on_taken_over(process);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    log_.error("not_replaced",
               "this process goes on, since its successor, process {}, ended before it was ready: "
               "its log says why",
               process);
    wait_for_signal();
}

}  // namespace glovebox::vsock_proxy
