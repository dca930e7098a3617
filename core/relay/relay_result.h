// SPDX-License-Identifier: Apache-2.0

// How a relay ended, and how much it moved.
#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace glovebox::core {

enum class RelayEnd {
    finished,            // both sides ended, and every byte was handed over
    first_left,          // the first side ended and closed; the second side sent nothing more
    second_left,         // the second did
    first_reset,         // the first stream was reset, or refused the bytes for it
    second_reset,        // the second did
    idle_timeout,        // neither direction moved a byte for the whole idle timeout
    half_close_timeout,  // one side had ended, and the other was silent for the timeout
    cancelled,           // cancelled by the caller
    forbidden,           // the same, since new rules forbid it
};

struct RelayResult {
    RelayEnd end = RelayEnd::finished;
    // Bytes that the receiver's kernel took.
    std::uint64_t first_to_second = 0;
    std::uint64_t second_to_first = 0;
    // The system's error for a reset; empty otherwise.
    boost::system::error_code error;
    // The side that was reset had sent its end of file before, and all that it sent was handed
    // over: it has left, and what was lost is what it did not wait for.
    bool had_ended = false;
};

// Why it ended, for the log: "finished", "enclave left". `first` and `second` name the two sides.
[[nodiscard]] std::string describe_end(const RelayResult& result, std::string_view first,
                                       std::string_view second);

// How much it moved: "517 bytes from enclave, 4123 bytes from target, 1 s".
[[nodiscard]] std::string describe_bytes(const RelayResult& result, std::string_view first,
                                         std::string_view second,
                                         std::chrono::steady_clock::duration took);

}  // namespace glovebox::core
