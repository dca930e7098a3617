// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/remote_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "core/base/printable.h"
#include "core/base/stop_signals.h"
#include "sim/vm/write_all.h"

namespace glovebox::vm {
namespace {

Result<UniqueFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return system_error(ENAMETOOLONG, "cannot connect to " + path + ": the name is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return errno_error("cannot connect to the virtual machine at " + path, errno);
    return socket;
}

Error guest_has_ended() {
    return Error(make_error_code(boost::system::errc::connection_reset),
                 "the virtual machine ended while the command ran");
}

}  // namespace

Result<int> run_remotely(const std::string& path, const RemoteCommand& command) {
    const UniqueFd signals = stop_signals({SIGTERM, SIGINT, SIGHUP, SIGQUIT});
    const auto socket = connect_to(path);
    if (!socket)
        return socket.error();
    if (!write_all(socket->get(), encode(FrameKind::start, command.encode())))
        return guest_has_ended();
    FrameReader frames;
    std::string piece(piece_bytes, '\0');
    bool input_has_ended = false;
    for (;;) {
        while (const auto frame = frames.next()) {
            if (frame->kind == FrameKind::output)
                (void)write_all(STDOUT_FILENO, frame->content);
            else if (frame->kind == FrameKind::errors)
                (void)write_all(STDERR_FILENO, frame->content);
            else if (frame->kind == FrameKind::ended)
                return frame->number();
            else if (frame->kind == FrameKind::failed) {
                const int error = frame->number();
                std::cerr << "glovebox: cannot run " << printable(command.arguments.front()) << ": "
                          << errno_text(error) << '\n';
                return error == ENOENT ? 127 : 126;
            }
        }
        std::array<pollfd, 3> polled{{{socket->get(), POLLIN, 0},
                                      {signals.get(), POLLIN, 0},
                                      {input_has_ended ? -1 : STDIN_FILENO, POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR)
            return errno_error("poll", errno);
        if (polled[0].revents != 0) {
            const ssize_t got = ::read(socket->get(), piece.data(), piece.size());
            if (got <= 0 || frames.is_broken())
                return guest_has_ended();
            frames.take(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        }
        if (signalfd_siginfo signal{};
            polled[1].revents != 0 &&
            ::read(signals.get(), &signal, sizeof signal) == sizeof signal)
            (void)write_all(socket->get(),
                            encode(FrameKind::signal, std::to_string(signal.ssi_signo)));
        if (polled[2].revents != 0) {
            const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
            input_has_ended = got <= 0;
            (void)write_all(socket->get(),
                            encode(FrameKind::input,
                                   std::string_view(piece).substr(
                                       0, static_cast<std::size_t>(std::max<ssize_t>(got, 0)))));
        }
    }
}

}  // namespace glovebox::vm
