// SPDX-License-Identifier: Apache-2.0

#include "core/egress/dns_answer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace glovebox::core {
namespace {

using DnsBytes = std::vector<std::uint8_t>;

constexpr std::size_t dns_header_bytes = 12;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t name_bytes_max = 255;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_aaaa = 28;
constexpr std::uint16_t type_opt = 41;
constexpr std::uint16_t type_any = 255;
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_any = 255;
// EDNS's code for a version that is not 0 (RFC 6891, 9): its low half is 0.
constexpr std::uint8_t bad_version_high = 1;
// What this side takes by UDP, the size that avoids fragments (DNS Flag Day 2020).
constexpr std::uint16_t udp_bytes_max = 1232;

struct ParsedQuery {
    std::string name;  // with its dots; empty for the root
    bool is_host_name = true;
    std::uint16_t type = 0;
    std::uint16_t klass = 0;
    std::size_t question_end = 0;
    bool has_edns = false;
    std::uint8_t edns_version = 0;
};

class QueryReader {
  public:
    explicit QueryReader(std::span<const std::uint8_t> bytes)
        : bytes_(bytes), at_(dns_header_bytes) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t at() const { return at_; }

    std::uint16_t number16() {
        const std::uint8_t high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }

    std::uint8_t byte() {
        if (failed_ || at_ >= bytes_.size()) {
            failed_ = true;
            return 0;
        }
        return bytes_[at_++];
    }

    void skip(std::size_t count) {
        if (failed_ || count > bytes_.size() - at_)
            failed_ = true;
        else
            at_ += count;
    }

    // A name without pointers: no name in a query has an earlier one to point to.
    std::string name(bool& is_host_name) {
        std::string text;
        const std::size_t start = at_;
        while (const std::size_t length = byte()) {
            if (length > label_bytes_max || at_ - start + length + 1 > name_bytes_max) {
                failed_ = true;
                return {};
            }
            if (!text.empty())
                text += '.';
            for (std::size_t i = 0; i < length; ++i) {
                const char c = static_cast<char>(byte());
                // A dot within a label does not separate two labels.
                is_host_name &= c != '.';
                text += c;
            }
            if (failed_)
                return {};
        }
        return text;
    }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_;
    bool failed_ = false;
};

std::uint16_t number_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

bool read_additional(QueryReader& reader, ParsedQuery& query) {
    bool ignored = true;
    const bool is_root = reader.name(ignored).empty();
    const std::uint16_t type = reader.number16();
    reader.number16();
    reader.byte();  // OPT's extended status
    const std::uint8_t version = reader.byte();
    reader.number16();
    reader.skip(reader.number16());
    if (type == type_opt) {
        if (query.has_edns || !is_root)
            return false;
        query.has_edns = true;
        query.edns_version = version;
    }
    return !reader.failed();
}

// Empty if it is malformed.
std::optional<ParsedQuery> read_query(std::span<const std::uint8_t> bytes) {
    const std::uint16_t additional = number_at(bytes, 10);
    if (number_at(bytes, 4) != 1 || number_at(bytes, 6) != 0 || number_at(bytes, 8) != 0)
        return std::nullopt;
    QueryReader reader(bytes);
    ParsedQuery query;
    query.name = reader.name(query.is_host_name);
    query.type = reader.number16();
    query.klass = reader.number16();
    query.question_end = reader.at();
    for (std::uint16_t i = 0; i < additional; ++i)
        if (!read_additional(reader, query))
            return std::nullopt;
    if (reader.failed() || !reader.at_end())
        return std::nullopt;
    return query;
}

void put_number(DnsBytes& to, unsigned value) {
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

template <class Address>
void put_record(DnsBytes& to, std::uint16_t type, const Address& address) {
    put_number(to, 0xc000 | dns_header_bytes);  // the question's name
    put_number(to, type);
    put_number(to, class_in);
    put_number(to, dns_answer_seconds >> 16);
    put_number(to, dns_answer_seconds & 0xffff);
    const auto bytes = address.to_bytes();
    put_number(to, static_cast<unsigned>(bytes.size()));
    to.insert(to.end(), bytes.begin(), bytes.end());
}

// A header like the query's, with its status and without a record.
DnsBytes header_of(std::span<const std::uint8_t> query, DnsStatus status) {
    DnsBytes header(query.begin(), query.begin() + dns_header_bytes);
    constexpr std::uint8_t response = 0x80;
    constexpr std::uint8_t recursion_available = 0x80;
    constexpr std::uint8_t kept = 0x79;  // the opcode and "recursion desired"
    header[2] = static_cast<std::uint8_t>(response | (header[2] & kept));
    header[3] = static_cast<std::uint8_t>(recursion_available | static_cast<unsigned>(status));
    std::fill(header.begin() + 4, header.end(), std::uint8_t{0});
    return header;
}

// What is to be looked up, or the status without a lookup.
std::variant<DnsQuestion, DnsStatus> question_of(const ParsedQuery& query) {
    if (query.klass != class_in && query.klass != class_any)
        return DnsStatus::refused;
    if (query.is_host_name && query.name.empty())
        return DnsStatus::no_error;  // the root exists, and has no address
    auto name = HostName::parse(query.is_host_name ? query.name : std::string());
    if (!name)
        return DnsStatus::name_error;
    if (query.type == type_a || query.type == type_any)
        return DnsQuestion{std::move(*name), false};
    if (query.type == type_aaaa)
        return DnsQuestion{std::move(*name), true};
    return DnsStatus::no_error;
}

}  // namespace

std::optional<DnsQuery> DnsQuery::read(std::span<const std::uint8_t> bytes) {
    // An answer to an answer would go on for ever.
    if (bytes.size() < dns_header_bytes || (bytes[2] & 0x80) != 0)
        return std::nullopt;
    DnsQuery query;
    query.head_.assign(bytes.begin(), bytes.begin() + dns_header_bytes);
    const auto parsed = (bytes[2] & 0x78) == 0 ? read_query(bytes) : std::nullopt;
    if (!parsed) {
        query.status_ =
            (bytes[2] & 0x78) == 0 ? DnsStatus::format_error : DnsStatus::not_implemented;
        return query;
    }
    query.head_.assign(bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(parsed->question_end));
    query.has_edns_ = parsed->has_edns;
    query.has_bad_version_ = parsed->edns_version != 0;
    if (query.has_bad_version_)
        return query;
    auto question = question_of(*parsed);
    if (const auto* status = std::get_if<DnsStatus>(&question))
        query.status_ = *status;
    else
        query.question_ = std::get<DnsQuestion>(std::move(question));
    return query;
}

DnsBytes DnsQuery::answer(const DnsAddresses& found) const {
    const DnsStatus status = question_ ? found.status : status_;
    DnsBytes answer = header_of(head_, status);
    if (head_.size() == dns_header_bytes)
        return answer;
    answer[5] = 1;
    answer.insert(answer.end(), head_.begin() + dns_header_bytes, head_.end());
    if (question_ && status == DnsStatus::no_error && found.address) {
        answer[7] = 1;
        if (found.address->is_v4())
            put_record(answer, type_a, found.address->to_v4());
        else
            put_record(answer, type_aaaa, found.address->to_v6());
    }
    if (has_edns_) {
        answer[11] = 1;
        answer.push_back(0);
        put_number(answer, type_opt);
        put_number(answer, udp_bytes_max);
        answer.push_back(has_bad_version_ ? bad_version_high : std::uint8_t{0});
        answer.push_back(0);
        put_number(answer, 0);
        put_number(answer, 0);
    }
    return answer;
}

}  // namespace glovebox::core
