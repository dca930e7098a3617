// SPDX-License-Identifier: Apache-2.0

#include "core/testing/dns_server.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/stream/asio_result.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using Packet = std::vector<std::uint8_t>;

constexpr std::size_t header_bytes = 12;  // RFC 1035 4.1.1
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_aaaa = 28;

void put16(Packet& packet, unsigned value) {
    packet.push_back(static_cast<std::uint8_t>(value >> 8));
    packet.push_back(static_cast<std::uint8_t>(value));
}

Packet encoded_name(std::string_view name) {
    Packet bytes;
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        bytes.push_back(static_cast<std::uint8_t>(label.size()));
        bytes.insert(bytes.end(), label.begin(), label.end());
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    bytes.push_back(0);
    return bytes;
}

struct Question {
    std::string name;
    std::uint16_t type = 0;
    std::size_t end = 0;  // where it ends in the packet
    bool has_edns = false;
};

std::optional<Question> read_question(const Packet& packet) {
    Question question;
    std::size_t at = header_bytes;
    while (at < packet.size() && packet[at] != 0) {
        const std::size_t length = packet[at];
        if (at + 1 + length >= packet.size())
            return std::nullopt;
        if (!question.name.empty())
            question.name += '.';
        question.name.append(packet.begin() + static_cast<std::ptrdiff_t>(at + 1),
                             packet.begin() + static_cast<std::ptrdiff_t>(at + 1 + length));
        at += 1 + length;
    }
    if (at + 5 > packet.size())
        return std::nullopt;
    question.type = static_cast<std::uint16_t>(packet[at + 1] << 8 | packet[at + 2]);
    question.end = at + 5;
    question.has_edns = packet[11] != 0;  // an additional record
    return question;
}

void put_record(Packet& packet, const Packet& owner, std::uint16_t type, std::uint32_t ttl,
                const Packet& data) {
    packet.insert(packet.end(), owner.begin(), owner.end());
    put16(packet, type);
    put16(packet, 1);
    put16(packet, ttl >> 16);
    put16(packet, ttl & 0xffff);
    put16(packet, static_cast<unsigned>(data.size()));
    packet.insert(packet.end(), data.begin(), data.end());
}

template <class Bytes>
Packet packet_of(const Bytes& bytes) {
    return Packet(bytes.begin(), bytes.end());
}

Packet write_answer(const Packet& asked, const Question& question, const DnsAnswer& answer,
                    bool is_truncated) {
    Packet packet(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(question.end));
    packet[2] = is_truncated ? 0x83 : 0x81;
    packet[3] = static_cast<std::uint8_t>(0x80 | answer.rcode);
    std::uint8_t records = 0;
    Packet owner{0xc0, header_bytes};  // the question's name
    if (!is_truncated && !answer.alias_of.empty()) {
        put_record(packet, owner, type_cname, answer.ttl, encoded_name(answer.alias_of));
        owner = encoded_name(answer.alias_of);
        ++records;
    }
    for (const std::string& text : answer.addresses) {
        const auto address = asio::ip::make_address(text);
        if (is_truncated || question.type != (address.is_v4() ? type_a : type_aaaa))
            continue;
        put_record(packet, owner, question.type, answer.ttl,
                   address.is_v4() ? packet_of(address.to_v4().to_bytes())
                                   : packet_of(address.to_v6().to_bytes()));
        ++records;
    }
    packet[6] = 0;
    packet[7] = records;
    for (std::size_t i = 8; i < header_bytes; ++i)
        packet[i] = 0;
    return packet;
}

}  // namespace

struct DnsServer::State {
    explicit State(asio::io_context& context) : datagrams(context), listener(context) {}

    // The answer's packet; empty if the server stays silent.
    Packet answer(const Packet& asked, bool is_tcp) {
        const auto question = read_question(asked);
        if (!question)
            return {};
        questions.push_back(question->name +
                            (question->type == type_a      ? " A"
                             : question->type == type_aaaa ? " AAAA"
                                                           : " ?") +
                            (is_tcp ? " tcp" : " udp") + (question->has_edns ? " edns" : ""));
        const auto found = answers.find(question->name);
        DnsAnswer answer;
        if (found != answers.end())
            answer = found->second;
        else
            answer.rcode = 3;
        if (answer.is_silent || (answer.drops_v4 && question->type == type_a) ||
            (answer.drops_v6 && question->type == type_aaaa))
            return {};
        return write_answer(asked, *question, answer, answer.is_truncated && !is_tcp);
    }

    udp::socket datagrams;
    tcp::acceptor listener;
    std::map<std::string, DnsAnswer> answers;
    std::vector<std::string> questions;
};

asio::awaitable<void> DnsServer::serve_udp(std::shared_ptr<State> state) {
    while (true) {
        Packet asked(4096);
        udp::endpoint from;
        const auto [failure, size] =
            co_await state->datagrams.async_receive_from(asio::buffer(asked), from, as_result);
        if (failure)
            co_return;
        asked.resize(size);
        const Packet answer = state->answer(asked, false);
        if (!answer.empty())
            co_await state->datagrams.async_send_to(asio::buffer(answer), from, as_result);
    }
}

// One connection after the other, one question each.
asio::awaitable<void> DnsServer::serve_tcp(std::shared_ptr<State> state) {
    while (true) {
        auto [failure, stream] = co_await state->listener.async_accept(as_result);
        if (failure)
            co_return;
        while (true) {
            std::array<std::uint8_t, 2> length{};
            const auto [no_length, n] =
                co_await asio::async_read(stream, asio::buffer(length), as_result);
            if (no_length)
                break;
            Packet asked(static_cast<std::size_t>(length[0]) << 8 | length[1]);
            const auto [no_question, m] =
                co_await asio::async_read(stream, asio::buffer(asked), as_result);
            if (no_question)
                break;
            const Packet answer = state->answer(asked, true);
            Packet framed;
            put16(framed, static_cast<unsigned>(answer.size()));
            framed.insert(framed.end(), answer.begin(), answer.end());
            if (!answer.empty())
                co_await asio::async_write(stream, asio::buffer(framed), as_result);
        }
    }
}

DnsServer::DnsServer(asio::io_context& context, const std::string& address, std::uint16_t port)
    : state_(std::make_shared<State>(context)) {
    const auto host = asio::ip::make_address(address);
    while (true) {
        state_->datagrams = udp::socket(context, udp::endpoint(host, port));
        const tcp::endpoint same(host, state_->datagrams.local_endpoint().port());
        state_->listener = tcp::acceptor(context);
        state_->listener.open(same.protocol());
        state_->listener.set_option(tcp::acceptor::reuse_address(true));
        boost::system::error_code failure;
        state_->listener.bind(same, failure);
        if (!failure)
            break;
        // Another program has the number for TCP.
        if (port != 0)
            throw boost::system::system_error(failure);
    }
    state_->listener.listen();
    spawn(context, serve_udp(state_));
    spawn(context, serve_tcp(state_));
}

DnsServer::~DnsServer() {
    state_->datagrams.close();
    state_->listener.close();
}

std::uint16_t DnsServer::port() const {
    return state_->datagrams.local_endpoint().port();
}

void DnsServer::answer(const std::string& name, DnsAnswer answer) {
    state_->answers[name] = std::move(answer);
}

const std::vector<std::string>& DnsServer::questions() const {
    return state_->questions;
}

}  // namespace glovebox::core
