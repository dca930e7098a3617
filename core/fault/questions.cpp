// SPDX-License-Identifier: Apache-2.0

#include "core/fault/questions.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/fault/client.h"

namespace glovebox::fault {

namespace json = boost::json;

Result<core::Acceptor> listen_for_questions(const boost::asio::any_io_executor& executor,
                                            int directory, const char* name) {
    ::unlinkat(directory, name, 0);
    UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot create a Unix socket", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path(directory, name);
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0)
        return errno_error("cannot listen in the world's directory", errno);
    return core::Acceptor::make(executor, std::move(socket));
}

boost::asio::awaitable<std::optional<json::object>> read_question(core::Stream& client) {
    std::string message(message_bytes_max, '\0');
    ssize_t size = 0;
    while ((size = ::recv(client.native_handle(), message.data(), message.size(), MSG_DONTWAIT)) <
           0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            co_return std::nullopt;
        client.watch().clear(core::Stream::Event::readable);
        const auto failed = co_await client.ready(core::Stream::Event::readable);
        if (failed)
            co_return std::nullopt;
    }
    if (size == 0)
        co_return std::nullopt;
    client.watch().clear(core::Stream::Event::readable);
    auto question = read_json(std::string_view(message).substr(0, static_cast<std::size_t>(size)));
    if (!question || !question->is_object())
        co_return json::object();
    co_return std::move(question->get_object());
}

bool send_answer(core::Stream& client, const json::object& answer) {
    const std::string text = json_text(answer);
    return ::send(client.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >=
           0;
}

}  // namespace glovebox::fault
