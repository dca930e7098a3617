// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace glovebox::enclave {
namespace {

[[noreturn]] void fail(const char* what) {
    throw ErrorException(errno_error(
        std::string("cannot create the enclave's console, a pseudo-terminal: ") + what, errno));
}

void write_all(int fd, const char* bytes, ssize_t size) {
    while (size > 0) {
        const ssize_t written = ::write(fd, bytes, static_cast<std::size_t>(size));
        if (written < 0 && errno != EINTR)
            return;  // a full disk, a closed pipe: the program must not suffer from it
        if (written > 0) {
            bytes += written;
            size -= written;
        }
    }
}

}  // namespace

Console::Console() {
    our_end_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!our_end_)
        fail("posix_openpt");
    std::array<char, 64> name{};
    if (::grantpt(our_end_.get()) != 0 || ::unlockpt(our_end_.get()) != 0 ||
        ::ptsname_r(our_end_.get(), name.data(), name.size()) != 0)
        fail("unlockpt");
    path_ = name.data();
    program_end_.reset(::open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!program_end_)
        fail(path_.c_str());
    termios settings{};
    if (::tcgetattr(program_end_.get(), &settings) != 0)
        fail("tcgetattr");
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    if (::tcsetattr(program_end_.get(), TCSANOW, &settings) != 0)
        fail("tcsetattr");
}

Console::~Console() {
    finish();
}

void Console::record(UniqueFd file, int live) {
    file_ = std::move(file);
    thread_ = std::thread([this, live] { run(live); });
}

void Console::finish() {
    program_end_.reset();  // the last one: the reader then gets the remaining bytes and EIO
    if (thread_.joinable())
        thread_.join();
}

void Console::run(int live) {
    std::array<char, 16384> buffer{};
    std::int64_t size = 0;
    for (;;) {
        const ssize_t bytes = ::read(our_end_.get(), buffer.data(), buffer.size());
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes <= 0)
            return;
        write_all(file_.get(), buffer.data(), bytes);
        if (live >= 0)
            write_all(live, buffer.data(), bytes);
        const std::int64_t before = size;
        size += bytes;
        // Once each MiB. A file system that cannot do it keeps everything.
        if (size > console_kept_bytes && before >> 20 != size >> 20)
            (void)::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                              size - console_kept_bytes);
    }
}

std::int64_t first_kept_byte(int file) {
    const off_t first = ::lseek(file, 0, SEEK_DATA);
    return first < 0 ? 0 : first;
}

}  // namespace glovebox::enclave
