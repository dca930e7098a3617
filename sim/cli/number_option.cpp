#include "sim/cli/number_option.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "core/vsock_address.h"

namespace glovebox::cli {
namespace {

std::string range_text(std::uint64_t least, std::uint64_t most) {
    // Nobody wants to read a type's largest number.
    return most >= std::numeric_limits<std::uint32_t>::max() && least > 0
               ? fmt::format("a whole number of {} or more", least)
               : fmt::format("a whole number from {} to {}", least, most);
}

}  // namespace

std::function<std::string(const std::string&)> number_between(std::string noun, std::uint64_t least,
                                                              std::uint64_t most) {
    return [noun = std::move(noun), least, most](const std::string& text) {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, number);
        const bool is_number = !text.empty() && read.ec == std::errc() && read.ptr == end &&
                               (text == "0" || text.front() != '0');
        if (is_number && number >= least && number <= most)
            return std::string();
        return fmt::format("\"{}\" is not {}: {} was expected", text, noun,
                           range_text(least, most));
    };
}

std::function<std::string(const std::string&)> enclave_cid() {
    return number_between("an enclave's CID", core::cid_first_enclave, core::cid_any - 1);
}

}  // namespace glovebox::cli
