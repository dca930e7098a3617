// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/output_file.h"
#include "core/base/scratch.h"

namespace glovebox::eif {
namespace {

UniqueFd open_nameless(const std::filesystem::path& folder) {
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd)
        return fd;
    const Scratch name = Scratch::reserve(folder, ".glovebox-spool.");
    fd.reset(::open(name.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return fd;
}

}  // namespace

Result<Content> Spool::take(ByteSource& source, TreeBudget& budget) {
    if (!file_) {
        UniqueFd fd = open_nameless(folder_);
        if (!fd)
            return errno_error("no temporary file can be made in " + folder_.string(), errno);
        file_ = std::make_shared<const UniqueFd>(std::move(fd));
    }
    const std::uint64_t begin = size_;
    Bytes piece(piece_size);
    for (;;) {
        const auto got = source.read(piece);
        if (!got)
            return got.error();
        if (*got == 0)
            return Content::part_of(file_, begin, size_ - begin);
        if (const auto spent = budget.spend_content(*got); !spent)
            return spent.error();
        if (const auto written =
                write_all(file_->get(), BytesView(piece).first(*got), folder_ / "(temporary file)");
            !written)
            return written.error();
        size_ += *got;
    }
}

}  // namespace glovebox::eif
