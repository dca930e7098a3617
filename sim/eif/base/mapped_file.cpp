// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>

#include "sim/eif/base/error.h"

namespace glovebox::eif {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    // O_NONBLOCK: a FIFO given by mistake is refused below, not waited for.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd)
        return errno_error(path.string() + " can't be opened", errno);
    return map(fd.get(), path);
}

Result<MappedFile> MappedFile::map(int fd, const std::filesystem::path& name) {
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        return errno_error(name.string() + " can't be examined", errno);
    if (!S_ISREG(status.st_mode))
        return Error(EifError::invalid_input, name.string() + " is not a regular file");
    UniqueFd file(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!file)
        return errno_error(name.string() + " can't be kept open", errno);
    if (status.st_size == 0)
        return MappedFile(std::move(file), BytesView{});
    const auto size = static_cast<std::uintmax_t>(status.st_size);
    if (size > std::numeric_limits<std::size_t>::max())
        return Error(EifError::limit_exceeded,
                     name.string() + " is too large to be mapped by this machine");
    void* at = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return errno_error(name.string() + " can't be mapped", errno);
    return MappedFile(std::move(file), BytesView(static_cast<const std::uint8_t*>(at),
                                                 static_cast<std::size_t>(size)));
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

void MappedFile::give_back(BytesView part) const {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto base = static_cast<std::size_t>(part.data() - bytes_.data());
    const std::size_t begin = (base + page - 1) / page * page;
    const std::size_t end = (base + part.size()) / page * page;
    // The pages are clean and belong to the kernel, so nothing is lost; a failure is harmless.
    if (begin < end)
        ::madvise(const_cast<std::uint8_t*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
    if (!bytes_.empty())
        ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace glovebox::eif
