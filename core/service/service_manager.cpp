// SPDX-License-Identifier: Apache-2.0

#include "core/service/service_manager.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "core/service/successor.h"

namespace glovebox::core {
namespace {

// The variable's value, which is then removed.
std::optional<std::string> take_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr)
        return std::nullopt;
    std::string text = value;
    ::unsetenv(name);
    return text;
}

template <class Number>
std::optional<Number> number_of(const std::optional<std::string>& text) {
    Number number{};
    if (!text)
        return std::nullopt;
    const char* const end = text->data() + text->size();
    const auto [stop, failure] = std::from_chars(text->data(), end, number);
    if (failure != std::errc() || stop != end)
        return std::nullopt;
    return number;
}

std::chrono::microseconds monotonic_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

// Whether the descriptor is what a listener needs.
bool is_listening(int fd) {
    int listens = 0;
    int kind = 0;
    socklen_t size = sizeof listens;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
           ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_STREAM;
}

}  // namespace

ServiceManager ServiceManager::take_environment() {
    ServiceManager manager;
    manager.socket_ = take_variable("NOTIFY_SOCKET").value_or("");
    const auto watched = number_of<pid_t>(take_variable("WATCHDOG_PID"));
    const auto limit = number_of<std::uint64_t>(take_variable("WATCHDOG_USEC"));
    if (limit && *limit > 1 && watched.value_or(::getpid()) == ::getpid())
        manager.alive_interval_ = std::chrono::microseconds(*limit / 2);
    if (const auto fd = number_of<int>(take_variable(ready_variable));
        fd && ::fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0)
        manager.predecessor_ = UniqueFd(*fd);
    return manager;
}

void ServiceManager::tell_ready(std::string_view status) {
    tell(fmt::format("READY=1\nSTATUS={}", status));
    constexpr char ready = '1';
    if (predecessor_)
        static_cast<void>(!::write(predecessor_.get(), &ready, sizeof ready));
    predecessor_.reset();
}

void ServiceManager::tell_reloading() const {
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_now().count()));
}

void ServiceManager::tell_stopping() const {
    tell("STOPPING=1");
}

void ServiceManager::tell_main_process(pid_t process) const {
    tell(fmt::format("MAINPID={}", process));
}

void ServiceManager::tell_alive() const {
    tell("WATCHDOG=1");
}

std::vector<std::pair<std::string, std::string>> ServiceManager::variables() const {
    std::vector<std::pair<std::string, std::string>> all;
    if (!socket_.empty())
        all.emplace_back("NOTIFY_SOCKET", socket_);
    if (alive_interval_)
        all.emplace_back("WATCHDOG_USEC", fmt::format("{}", 2 * alive_interval_->count()));
    return all;
}

// Best effort: a manager that does not read is its own problem.
void ServiceManager::tell(std::string_view state) const {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (socket_.size() < 2 || socket_.size() > sizeof name.sun_path ||
        (socket_.front() != '/' && socket_.front() != '@'))
        return;
    std::memcpy(name.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@')
        name.sun_path[0] = '\0';
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    static_cast<void>(::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&name), size));
}

Result<InheritedSockets> InheritedSockets::take_environment() {
    const auto process = number_of<pid_t>(take_variable("LISTEN_PID"));
    const auto count = number_of<int>(take_variable("LISTEN_FDS"));
    const std::string names = take_variable("LISTEN_FDNAMES").value_or("");
    InheritedSockets inherited;
    if (process != ::getpid() || !count)
        return inherited;
    std::string_view rest = names;
    for (int fd = inherited_fds_begin; fd < inherited_fds_begin + *count; ++fd) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        const std::string name(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!is_listening(fd))
            return invalid_input(fmt::format(
                "descriptor {} ({}), which the service manager handed over in LISTEN_FDS, is not a "
                "listening stream socket: write ListenStream= in the unit of the socket",
                fd, name.empty() ? "without a name" : name));
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        inherited.sockets_.push_back({UniqueFd(fd), name});
    }
    return inherited;
}

UniqueFd InheritedSockets::take(std::string_view name) {
    return take([name](int, std::string_view of) { return of == name; });
}

UniqueFd InheritedSockets::take(
    const std::function<bool(int fd, std::string_view name)>& is_meant) {
    const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](const Socket& one) {
        return is_meant(one.fd.get(), one.name);
    });
    if (found == sockets_.end())
        return {};
    UniqueFd fd = std::move(found->fd);
    sockets_.erase(found);
    return fd;
}

std::string InheritedSockets::left() const {
    std::string names;
    for (const Socket& one : sockets_)
        names += fmt::format("{}{}", names.empty() ? "" : ", ",
                             one.name.empty() ? "one without a name" : one.name);
    return names;
}

}  // namespace glovebox::core
