// SPDX-License-Identifier: Apache-2.0

// For tests: ClientHello messages, written field by field.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glovebox::core {

// `value` behind its length in so many bytes.
inline std::string tls_field(std::size_t length_bytes, std::string_view value) {
    std::string text;
    for (std::size_t byte = length_bytes; byte-- > 0;)
        text += static_cast<char>(value.size() >> (8 * byte));
    return text.append(value);
}

inline std::string extension(unsigned type, std::string_view value) {
    std::string text{static_cast<char>(type >> 8), static_cast<char>(type)};
    return text + tls_field(2, value);
}

inline std::string server_name_list(const std::vector<std::pair<int, std::string_view>>& names) {
    std::string list;
    for (const auto& [type, name] : names)
        list += static_cast<char>(type) + tls_field(2, name);
    return extension(0, tls_field(2, list));
}

inline std::string server_name(std::string_view name) {
    return server_name_list({{0, name}});
}

// Version, random, session, cipher suites and compression.
inline std::string client_hello_fields() {
    return "\x03\x03" + std::string(32, 'r') + tls_field(1, "session") +
           tls_field(2, "\x13\x01\x13\x02") + tls_field(1, std::string_view("\0", 1));
}

inline std::string handshake(std::string_view body) {
    return '\x01' + tls_field(3, body);
}

inline std::string client_hello_without_extensions() {
    return handshake(client_hello_fields());
}

inline std::string client_hello(const std::vector<std::string>& extensions) {
    std::string all;
    for (const std::string& one : extensions)
        all += one;
    return handshake(client_hello_fields() + tls_field(2, all));
}

// Cut into records of at most so many bytes.
inline std::string in_records(std::string_view message, std::size_t most = 16 * 1024) {
    std::string stream;
    for (; !message.empty(); message.remove_prefix(std::min(most, message.size())))
        stream += "\x16\x03\x01" + tls_field(2, message.substr(0, most));
    return stream;
}

}  // namespace glovebox::core
