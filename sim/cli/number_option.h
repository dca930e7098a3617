// Numbers on the command line: what is wrong with one, said in a sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace glovebox::cli {

// A check for CLI::Option::check(): "x" is not a PCR: a number from 0 to 31 was expected. `noun`
// comes with its article. Decimal digits alone, since a leading zero would be read as octal.
[[nodiscard]] std::function<std::string(const std::string&)> number_between(std::string noun,
                                                                            std::uint64_t least,
                                                                            std::uint64_t most);

// An enclave's CID, 4 to 4294967294.
[[nodiscard]] std::function<std::string(const std::string&)> enclave_cid();

}  // namespace glovebox::cli
