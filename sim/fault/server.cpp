// SPDX-License-Identifier: Apache-2.0

#include "sim/fault/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <list>
#include <optional>
#include <utility>

#include "core/base/fd_passing.h"
#include "core/fault/carrier.h"
#include "core/fault/client.h"
#include "core/fault/questions.h"
#include "core/stream/accept_loop.h"
#include "core/stream/acceptor.h"
#include "sim/fault/enclave_faults.h"

namespace glovebox::fault {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

json::object failure(std::string_view sentence) {
    return {{"error", sentence}};
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                  : std::string_view();
}

std::optional<unsigned> number_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr)
        return std::nullopt;
    boost::system::error_code failed;
    const auto number = found->to_number<unsigned>(failed);
    return failed ? std::nullopt : std::optional(number);
}

std::optional<core::VsockAddress> address_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr || !found->is_array() || found->get_array().size() != 2)
        return std::nullopt;
    boost::system::error_code failed;
    boost::system::error_code failed_too;
    const auto cid = found->get_array()[0].to_number<core::Cid>(failed);
    const auto port = found->get_array()[1].to_number<core::Port>(failed_too);
    return failed || failed_too ? std::nullopt : std::optional(core::VsockAddress{cid, port});
}

}  // namespace

struct Server::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor io, UniqueFd place, core::Acceptor accepting, const Clock& time,
          Log& all)
        : executor(std::move(io)),
          directory(std::move(place)),
          acceptor(std::move(accepting)),
          log(all),
          clock(time),
          book([this](const News& news) { tell(news); }),
          enclaves(directory.get()),
          expiry(executor) {}

    void tell(const News& news);
    void look();
    void expire();
    [[nodiscard]] json::object answer(const json::object& question);
    [[nodiscard]] json::object set(const json::object& question);
    [[nodiscard]] json::object set_enclave(const Fault& fault);
    [[nodiscard]] json::object name(const json::object& question);
    [[nodiscard]] json::object heal(const json::object& question);
    [[nodiscard]] json::object strike(const json::object& question);
    [[nodiscard]] json::object list() const;
    void carry(UniqueFd near, UniqueFd far, core::VsockAddress client, core::VsockAddress listener);
    static asio::awaitable<void> accept_all(std::shared_ptr<State> self);
    static asio::awaitable<void> serve(std::shared_ptr<State> self, core::Stream client);
    static asio::awaitable<void> take_sockets(std::shared_ptr<State> self, core::Stream client,
                                              core::VsockAddress from, core::VsockAddress to);

    asio::any_io_executor executor;
    UniqueFd directory;
    core::Acceptor acceptor;
    Log& log;
    const Clock& clock;
    Book book;
    EnclaveFaults enclaves;
    asio::steady_timer expiry;
    std::list<std::shared_ptr<Carrier>> carriers;
};

void Server::State::tell(const News& news) {
    const auto number = field("fault", news.id);
    const auto kind = field("kind", name_of(news.fault.kind));
    switch (news.what) {
        case News::What::set:
            log.info("fault_set", "fault {} is set: {}", number, describe(news.fault), kind);
            break;
        case News::What::struck:
            if (!news.client) {
                log.info("fault_struck", "fault {} strikes {}: {}", number,
                         field("request", news.request), kind);
                break;
            }
            log.info("fault_struck", "fault {} strikes {} -> {}: {}", number,
                     field("peer", to_string(*news.client)),
                     field("target", to_string(*news.listener)), kind);
            break;
        case News::What::healed:
            enclaves.heal(news.id);
            log.info("fault_healed", "fault {} is healed: {}", number, field("reason", news.reason),
                     kind);
            break;
    }
}

void Server::State::look() {
    const auto all = carriers;  // those that end take themselves out
    for (const auto& carrier : all)
        carrier->look();
    expire();
}

void Server::State::expire() {
    const auto next = book.next_expiry();
    if (!next) {
        expiry.cancel();
        return;
    }
    expiry.expires_at(*next);
    expiry.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (cancelled)
            return;
        self->book.heal_expired(std::chrono::steady_clock::now());
        self->look();
    });
}

json::object Server::State::set(const json::object& question) {
    const json::value* const given = question.if_contains("fault");
    if (given == nullptr || !given->is_object())
        return failure("a fault was expected");
    auto fault = fault_from_json(given->get_object());
    if (!fault)
        return failure(fault.error().message);
    for (const auto& [name, its_cid] :
         {std::pair(&fault->from_name, &fault->from), std::pair(&fault->to_name, &fault->to),
          std::pair(&fault->enclave, &fault->to)}) {
        if (name->empty())
            continue;
        const auto cid = enclaves.cid_of(*name);
        if (!cid)
            return failure(cid.error().message);
        *its_cid = *cid;
    }
    if (part_of(fault->kind) == "enclave")
        return set_enclave(*fault);
    if (fault->kind == Kind::imds_expire_credentials)
        fault->at = clock.now() + book.clock_of("imds", std::nullopt);
    const unsigned id = book.set(*fault, std::chrono::steady_clock::now());
    look();
    const auto entry = book.entries().find(id);
    // One that has struck often enough is gone already.
    const unsigned struck =
        entry == book.entries().end() ? fault->times.value_or(0) : entry->second.struck;
    if (fault->is_momentary())
        book.heal(id, "it was for the connections that were open");
    return {{"fault", id}, {"struck", struck}};
}

json::object Server::State::set_enclave(const Fault& fault) {
    const unsigned id = book.set(fault, std::chrono::steady_clock::now());
    const auto struck = enclaves.strike(id, fault);
    if (!struck) {
        book.heal(id, struck.error().message);
        return failure(struck.error().message);
    }
    book.strike_enclave(id, std::to_string(*fault.to));
    if (!struck->kernels_line.empty())
        log.info("out_of_memory", "enclave {}: {}", field("cid", *fault.to), struck->kernels_line);
    if (fault.is_momentary())
        book.heal(id, "it has struck once");
    expire();
    return {{"fault", id},
            {"struck", 1},
            {"process", struck->process},
            {"start", struck->process_start}};
}

json::object Server::State::name(const json::object& question) {
    const std::string enclave(text_of(question, "enclave"));
    const auto cid = number_of(question, "cid");
    if (enclave.empty() || !cid)
        return failure("an enclave and its CID were expected");
    enclaves.name(enclave, *cid);
    book.move_enclave(enclave, *cid);
    return {};
}

json::object Server::State::heal(const json::object& question) {
    constexpr std::string_view reason = "glovebox fault heal";
    const auto id = number_of(question, "fault");
    if (!id && question.contains("fault"))
        return failure("the number of a fault was expected");
    const std::size_t healed = id ? (book.heal(*id, reason) ? 1 : 0) : book.heal_all(reason);
    look();
    return {{"healed", healed}};
}

json::object Server::State::strike(const json::object& question) {
    json::array faults;
    for (const Fault& fault : book.strike(text_of(question, "part"), text_of(question, "request"),
                                          number_of(question, "cid")))
        faults.push_back(to_json(fault));
    return {{"faults", std::move(faults)}};
}

json::object Server::State::list() const {
    json::array faults;
    for (const auto& [id, entry] : book.entries())
        faults.push_back({{"number", id},
                          {"fault", to_json(entry.fault)},
                          {"description", describe(entry.fault)},
                          {"struck", entry.struck}});
    return {{"faults", std::move(faults)}};
}

json::object Server::State::answer(const json::object& question) {
    const std::string_view asked = text_of(question, "ask");
    if (asked == "set")
        return set(question);
    if (asked == "heal")
        return heal(question);
    if (asked == "strike")
        return strike(question);
    if (asked == "list")
        return list();
    if (asked == "name")
        return name(question);
    if (asked != "connect")
        return failure("this question is not known");
    const auto client = address_of(question, "client");
    const auto listener = address_of(question, "listener");
    if (!client || !listener)
        return failure("a client and a listener were expected");
    return {{"refused", book.refuses(*client, *listener)}};
}

void Server::State::carry(UniqueFd near, UniqueFd far, core::VsockAddress client,
                          core::VsockAddress listener) {
    for (const UniqueFd* const socket : {&near, &far})
        if (::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) | O_NONBLOCK) != 0)
            return;
    auto one = core::Stream::make(executor, std::move(near));
    auto other = core::Stream::make(executor, std::move(far));
    if (!one || !other) {
        log.error("lost", "{} -> {}: the connection can't be carried: {}",
                  field("peer", to_string(client)), field("target", to_string(listener)),
                  field("error", (one ? other : one).error().message));
        return;
    }
    auto carrier =
        std::make_shared<Carrier>(std::move(*one), std::move(*other), book, client, listener);
    carriers.push_front(carrier);
    carrier->start(
        [self = shared_from_this(), place = carriers.begin()] { self->carriers.erase(place); });
}

// After the answer to "connect" both sockets come, or the client has found nobody who listens.
asio::awaitable<void> Server::State::take_sockets(std::shared_ptr<State> self, core::Stream client,
                                                  core::VsockAddress from, core::VsockAddress to) {
    const auto failed = co_await client.ready(core::Stream::Event::readable);
    if (failed)
        co_return;
    char one = 0;
    std::array<UniqueFd, 2> sockets;
    if (receive_with_fds(client.native_handle(), &one, sizeof one, sockets) != 0 || !sockets[0] ||
        !sockets[1])
        co_return;
    self->carry(std::move(sockets[0]), std::move(sockets[1]), from, to);
}

asio::awaitable<void> Server::State::serve(std::shared_ptr<State> self, core::Stream client) {
    while (const auto question = co_await read_question(client)) {
        const json::object answer = self->answer(*question);
        if (!send_answer(client, answer))
            co_return;
        if (answer.contains("refused") && !answer.at("refused").as_bool())
            co_return co_await take_sockets(self, std::move(client),
                                            *address_of(*question, "client"),
                                            *address_of(*question, "listener"));
    }
}

asio::awaitable<void> Server::State::accept_all(std::shared_ptr<State> self) {
    const auto accept = [self] { return self->acceptor.accept(); };
    const auto take = [self](core::Accepted accepted) {
        if (auto client = core::Stream::make(self->executor, std::move(accepted.socket)))
            asio::co_spawn(self->executor, serve(self, std::move(*client)), asio::detached);
    };
    const auto trim = [] {};
    co_await core::accept_loop("faults", accept, take, trim, self->log);
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    state_->expiry.cancel();
    state_->acceptor.close();
    const auto open = state_->carriers;
    for (const auto& carrier : open)
        carrier->cut();
    ::unlinkat(state_->directory.get(), socket_name, 0);
}

Result<std::unique_ptr<Server>> Server::start(asio::any_io_executor executor, int directory,
                                              const Clock& clock, Log& log) {
    if (const auto client = Client::find(directory); client && client->ask({{"ask", "list"}}))
        return system_error(EADDRINUSE, "another process has the faults of this world already");
    UniqueFd own(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
    if (!own)
        return errno_error("cannot keep the world's directory open", errno);
    auto acceptor = listen_for_questions(executor, directory, socket_name);
    if (!acceptor)
        return acceptor.error();
    auto state =
        std::make_shared<State>(executor, std::move(own), std::move(*acceptor), clock, log);
    asio::co_spawn(executor, State::accept_all(state), asio::detached);
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

}  // namespace glovebox::fault
