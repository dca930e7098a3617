// SPDX-License-Identifier: Apache-2.0

#include "core/http/connect_answer.h"

#include <fmt/core.h>

#include <algorithm>

namespace glovebox::core {
namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view http_version = "HTTP/1.";

bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}

// Of "HTTP/1.1 403 Forbidden"; 0 for another line.
int http_status_of(std::string_view line) {
    constexpr std::size_t code = http_version.size() + 2;
    if (!line.starts_with(http_version) || line.size() < code + 3 ||
        !is_decimal(line[http_version.size()]) || line[http_version.size() + 1] != ' ' ||
        (line.size() > code + 3 && line[code + 3] != ' '))
        return 0;
    int status = 0;
    for (const char c : line.substr(code, 3)) {
        if (!is_decimal(c))
            return 0;
        status = status * 10 + (c - '0');
    }
    return status >= 100 && status <= 599 ? status : 0;
}

}  // namespace

ConnectAnswer::State ConnectAnswer::feed(std::string_view bytes) {
    if (state_ == State::opened) {
        rest_.append(bytes);
        return state_;
    }
    if (state_ == State::refused) {
        rest_.append(bytes.substr(0, reason_bytes_max - std::min(reason_bytes_max, rest_.size())));
        return state_;
    }
    for (std::size_t i = 0; i < bytes.size() && state_ == State::needs_more; ++i) {
        head_ += bytes[i];
        // Something else than HTTP shows at its first bytes: it may never end a line.
        const std::size_t begun = std::min(head_.size(), http_version.size());
        if (head_.size() > head_bytes_max || head_.compare(0, begun, http_version, 0, begun) != 0) {
            state_ = State::not_http;
        } else if (head_.ends_with(end_of_head)) {
            status_ = http_status_of(std::string_view(head_).substr(0, head_.find("\r\n")));
            state_ = status_ == 0                       ? State::not_http
                     : status_ >= 200 && status_ <= 299 ? State::opened
                                                        : State::refused;
            if (state_ != State::not_http)
                return feed(bytes.substr(i + 1));
        }
    }
    return state_;
}

bool ConnectAnswer::has_line(std::string_view line) const {
    return head_.find(fmt::format("\r\n{}\r\n", line)) != std::string::npos;
}

std::string ConnectAnswer::reason() const {
    const std::string line = rest_.substr(0, rest_.find_first_of("\r\n"));
    return line.empty() ? fmt::format("status {}", status_) : line;
}

}  // namespace glovebox::core
