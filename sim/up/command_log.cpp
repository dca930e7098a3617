// SPDX-License-Identifier: Apache-2.0

#include "sim/up/command_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "core/base/unique_fd.h"

namespace glovebox::up {

CommandLog::CommandLog(boost::asio::io_context& context, Scratch folder, OnLine on_line)
    : folder_(std::move(folder)),
      path_((folder_.path() / "log").string()),
      on_line_(std::move(on_line)),
      descriptor_(context) {}

Result<std::unique_ptr<CommandLog>> CommandLog::make(boost::asio::io_context& context,
                                                     OnLine on_line) {
    auto folder = Scratch::make_folder(std::filesystem::temp_directory_path(), "glovebox-up-log-");
    if (!folder)
        return folder.error();
    std::unique_ptr<CommandLog> log(
        new CommandLog(context, std::move(*folder), std::move(on_line)));
    if (::mkfifo(log->path_.c_str(), S_IRUSR | S_IWUSR) != 0)
        return errno_error("cannot create " + log->path_, errno);
    UniqueFd fifo(::open(log->path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fifo)
        return errno_error("cannot open " + log->path_, errno);
    log->descriptor_.assign(fifo.release());
    log->read();
    return log;
}

void CommandLog::read() {
    descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [this](const boost::system::error_code& failure) {
                               if (failure)
                                   return;
                               drain();
                               read();
                           });
}

void CommandLog::drain() {
    std::array<char, 4096> bytes{};
    ssize_t size = 0;
    while ((size = ::read(descriptor_.native_handle(), bytes.data(), bytes.size())) > 0 ||
           (size < 0 && errno == EINTR)) {
        if (size < 0)
            continue;
        half_.append(bytes.data(), static_cast<std::size_t>(size));
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = half_.find('\n', begin)) != std::string::npos;
             begin = end + 1)
            on_line_(half_.substr(begin, end - begin));
        half_.erase(0, begin);
    }
}

}  // namespace glovebox::up
