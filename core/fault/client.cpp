// SPDX-License-Identifier: Apache-2.0

#include "core/fault/client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/fd_passing.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox::fault {
namespace {

namespace json = boost::json;

Result<json::object> exchange(int channel, const json::object& question,
                              const std::string& what = of_faults.what) {
    const std::string text = json_text(question);
    if (::send(channel, text.data(), text.size(), MSG_NOSIGNAL) < 0)
        return errno_error(what + " can't be asked about", errno);
    std::string answer(message_bytes_max, '\0');
    ssize_t size = 0;
    do {
        size = ::recv(channel, answer.data(), answer.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size <= 0)
        return errno_error("the process that has " + what + " gives no answer",
                           size < 0 ? errno : EPIPE);
    answer.resize(static_cast<std::size_t>(size));
    auto value = read_json(answer);
    if (!value)
        return value.error();
    if (!value->is_object())
        return invalid_input("the answer about " + what + " is no object");
    const json::object& object = value->get_object();
    if (const json::value* const failure = object.if_contains("error");
        failure != nullptr && failure->is_string())
        return invalid_input(json::value_to<std::string>(*failure));
    return object;
}

json::array pair_of(core::VsockAddress address) {
    return {address.cid, address.port};
}

}  // namespace

std::string socket_path(int directory, const char* name) {
    return "/proc/self/fd/" + std::to_string(directory) + "/" + name;
}

std::unique_ptr<Client> Client::find(int directory, const Respondent& respondent) {
    struct stat status {};
    if (::fstatat(directory, respondent.socket, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISSOCK(status.st_mode))
        return nullptr;
    UniqueFd own(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
    return own ? std::unique_ptr<Client>(new Client(std::move(own), respondent)) : nullptr;
}

Result<UniqueFd> Client::reach() const {
    UniqueFd channel(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!channel)
        return errno_error("cannot create a Unix socket", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path(directory_.get(), respondent_.socket);
    std::memcpy(address.sun_path, path.data(), path.size());
    const timeval patience{.tv_sec = respondent_.patience.count(), .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        ::setsockopt(channel.get(), SOL_SOCKET, option, &patience, sizeof patience);
    if (::connect(channel.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return errno_error(std::string(respondent_.what) + " can't be reached", errno);
    return channel;
}

Result<json::object> Client::ask(const json::object& question) const {
    const auto channel = reach();
    if (!channel)
        return channel.error();
    return exchange(channel->get(), question, respondent_.what);
}

std::vector<Fault> Client::strike(std::string_view part, std::string_view request,
                                  std::optional<core::Cid> cid) const {
    std::vector<Fault> struck;
    json::object question{{"ask", "strike"}, {"part", part}, {"request", request}};
    if (cid)
        question["cid"] = *cid;
    const auto answer = ask(question);
    const json::value* const faults = answer ? answer->if_contains("faults") : nullptr;
    if (faults == nullptr || !faults->is_array())
        return struck;
    for (const json::value& one : faults->get_array())
        if (auto fault = one.is_object() ? fault_from_json(one.get_object()) : Error())
            struck.push_back(std::move(*fault));
    return struck;
}

Result<void> Client::name(std::string_view enclave, core::Cid cid) const {
    const auto answer = ask({{"ask", "name"}, {"enclave", enclave}, {"cid", cid}});
    return answer ? Result<void>() : answer.error();
}

Client::Passage Client::connect(core::VsockAddress client, core::VsockAddress listener) const {
    Passage passage;
    auto channel = reach();
    if (!channel)
        return passage;
    const auto answer = exchange(
        channel->get(),
        {{"ask", "connect"}, {"client", pair_of(client)}, {"listener", pair_of(listener)}});
    if (!answer)
        return passage;
    const json::value* const refused = answer->if_contains("refused");
    passage.is_refused_ = refused != nullptr && refused->is_bool() && refused->get_bool();
    passage.channel_ = std::move(*channel);
    return passage;
}

void Client::Passage::carry(UniqueFd near, UniqueFd far) {
    const std::array<int, 2> both{near.get(), far.get()};
    constexpr char one = 0;
    static_cast<void>(send_with_fds(channel_.get(), &one, sizeof one, both));
    channel_.reset();
}

}  // namespace glovebox::fault
