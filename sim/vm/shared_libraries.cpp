// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/shared_libraries.h"

#include <boost/system/errc.hpp>
#include <sstream>

#include "core/base/printable.h"
#include "sim/vm/captured.h"

namespace glovebox::vm {

// "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)"
Result<std::vector<std::string>> libraries_in(std::string_view ldd_output) {
    std::vector<std::string> paths;
    std::istringstream lines{std::string(ldd_output)};
    for (std::string line; std::getline(lines, line);) {
        if (line.find("not found") != std::string::npos)
            return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                         "a library is missing: " + printable(line));
        if (!line.ends_with(')'))
            continue;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word.starts_with('/'))
                paths.push_back(word);
    }
    return paths;
}

Result<std::vector<std::string>> libraries_of(const std::filesystem::path& program) {
    const auto done = capture({"ldd", program.string()});
    if (!done)
        return done.error();
    auto paths = libraries_in(done->output);
    return paths ? paths
                 : Result<std::vector<std::string>>(Error(paths.error()).in(program.string()));
}

}  // namespace glovebox::vm
