#include "sim/cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "sim/command_line/exit_status.h"

namespace glovebox::cli {

using command_line::exit_done;
using command_line::exit_failed;

void hold_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)
            // The lowest free number, which is this one. It stays open.
            static_cast<void>(
                ::open("/dev/null", (stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
}

bool is_output_lost() {
    return std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.flush();
}

int finish_output(int exit_status) {
    errno = 0;
    if (!is_output_lost())
        return exit_status;
    const int reason = errno;
    std::cerr << "glovebox: standard output could not be written";
    if (reason != 0)
        std::cerr << ": " << std::strerror(reason);
    std::cerr << '\n';
    return exit_status == exit_done ? exit_failed : exit_status;
}

}  // namespace glovebox::cli
