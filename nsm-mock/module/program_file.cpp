// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/crypto/hash.h"

namespace glovebox::nsm {

Result<ProgramFile> ProgramFile::open(const std::string& path) {
    // O_NONBLOCK: open() must not wait for the writer of a FIFO.
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file)
        return errno_error("measuring the program " + path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return errno_error("measuring the program " + path, errno);
    if (!S_ISREG(status.st_mode))
        return invalid_input("measuring the program " + path + ": not a regular file");
    return ProgramFile{std::move(file), path};
}

Result<Pcr> ProgramFile::digest() const {
    Hash hash(HashAlgorithm::sha384);
    Bytes buffer(256 * 1024);
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_error("measuring the program " + path, errno);
        if (got == 0)
            break;
        hash.update(BytesView(buffer).first(static_cast<std::size_t>(got)));
    }
    const Bytes bytes = hash.finish();
    Pcr digest;
    std::copy_n(bytes.begin(), digest.size(), digest.begin());
    return digest;
}

}  // namespace glovebox::nsm
