// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/descriptor_sender.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/base/error.h"
#include "core/base/fd_passing.h"
#include "sim/supervisor/acceptor.h"
#include "sim/supervisor/sigpipe_handler.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {

#if defined(__x86_64__)
namespace {

// A page of the program's with what sendmsg(2) is given: below those of the handler of SIGPIPE, in
// every program at the same place. fork copies it, exec drops it.
constexpr std::uint64_t page_address = sigpipe_handler::code_address - sigpipe_handler::page_bytes;

// As the kernel reads it.
struct SentMessage {
    static constexpr std::uint64_t magic_number = 0x676c6f76'73656e64;  // "glovsend"
    std::uint64_t magic = magic_number;
    msghdr header{};
    iovec part{};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control{};
    char byte = 0;
};

void* in_page(std::size_t offset) {
    return reinterpret_cast<void*>(page_address + offset);  // NOLINT(performance-no-int-to-ptr)
}

SentMessage message_for(int fd) {
    SentMessage message;
    message.header.msg_iov = static_cast<iovec*>(in_page(offsetof(SentMessage, part)));
    message.header.msg_iovlen = 1;
    message.header.msg_control = in_page(offsetof(SentMessage, control));
    message.header.msg_controllen = CMSG_SPACE(sizeof fd);
    message.part = {in_page(offsetof(SentMessage, byte)), 1};
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(sizeof fd);
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = SCM_RIGHTS;
    std::memcpy(message.control.data(), &header, sizeof header);
    std::memcpy(message.control.data() + sizeof header, &fd, sizeof fd);
    return message;
}

// Those whose first argument is a socket and that somebody answers by looking at it.
bool takes_socket(int number) {
    switch (number) {
        case SYS_bind:
        case SYS_connect:
        case SYS_listen:
        case SYS_shutdown:
        case SYS_getsockname:
        case SYS_getpeername:
        case SYS_getsockopt:
        case SYS_setsockopt:
        case SYS_ioctl:
            return true;
        default:
            return Acceptor::handles(number);
    }
}

std::string link_of(pid_t thread, int fd) {
    return fmt::format("/proc/{}/fd/{}", thread, fd);
}

// proc_pid_fdinfo(5)
std::string read_fdinfo(pid_t thread, int fd) {
    const UniqueFd file(
        ::open(fmt::format("/proc/{}/fdinfo/{}", thread, fd).c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(512, '\0');
    const ssize_t bytes = file ? ::read(file.get(), text.data(), text.size()) : -1;
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    return text;
}

// Sockets of no other family have the line.
bool is_unix_socket(pid_t thread, int fd) {
    return read_fdinfo(thread, fd).find("\nscm_fds:") != std::string::npos;
}

// /dev/null and /dev/zero, which stand for the emulated devices by the way they were opened
// (device_file.h).
bool is_stand_in(const struct stat& status) {
    return S_ISCHR(status.st_mode) &&
           (status.st_rdev == makedev(1, 3) || status.st_rdev == makedev(1, 5));
}

OrErrno<UniqueFd> open_file(pid_t thread, int fd, const struct stat& status) {
    int flags = O_PATH;
    if (is_stand_in(status)) {
        const std::string text = read_fdinfo(thread, fd);
        const std::size_t at = text.find("flags:");
        constexpr int octal = 8;
        if (at != std::string::npos)
            flags = static_cast<int>(
                        std::strtoul(text.c_str() + at + std::strlen("flags:"), nullptr, octal)) &
                    (O_ACCMODE | O_NONBLOCK | O_PATH);
    }
    UniqueFd file(::open(link_of(thread, fd).c_str(), flags | O_CLOEXEC | O_NOCTTY));
    if (!file)
        return Errno{errno};
    return file;
}

bool has_receive_timeout(int socket) {
    timeval timeout{};
    socklen_t length = sizeof timeout;
    ::getsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, &length);
    return timeout.tv_sec != 0 || timeout.tv_usec != 0;
}

bool is_same(const SystemCall& one, const SystemCall& other) {
    return one.number == other.number && one.arguments == other.arguments;
}

}  // namespace

DescriptorSender::DescriptorSender(SeccompNotifier& kernel, Tracer& tracer)
    : kernel_(kernel), tracer_(tracer) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        throw ErrorException(errno_error("socketpair", errno));
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
    filters_ = filters_of_programs();
}

DescriptorSender::~DescriptorSender() = default;

int DescriptorSender::send(std::uint64_t id, const SyscallReply& reply) {
    forget(id);
    return kernel_.send(id, reply);
}

// Another thread may have taken the signal, and a traced process has signals that it ignores. So
// that the kernel makes the call again in any case, the thread has a stop before it goes on.
int DescriptorSender::restart(const SystemCall& call) {
    forget(call.id);
    int failure = 0;
    tracer_.run([&] {
        Tracer::interrupt(call.thread);
        failure = kernel_.restart(call);
    });
    return failure;
}

void DescriptorSender::forget(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(sent_, [id](const auto& entry) { return entry.second.call.id == id; });
}

void DescriptorSender::let_go(pid_t thread) {
    const std::lock_guard lock(mutex_);
    sent_.erase(thread);
}

bool DescriptorSender::prepare(const SystemCall& call, Tracee& tracee,
                               const std::function<bool()>& wants_socket) {
    if (!takes_socket(call.number))
        return false;
    const int fd = call.int_argument(0);
    struct stat status {};
    const bool is_socket =
        ::stat(link_of(call.thread, fd).c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
    {
        const std::lock_guard lock(mutex_);
        const auto found = sent_.find(call.thread);
        if (found != sent_.end()) {
            Sent& sent = found->second;
            if (is_socket && is_same(sent.call, call) && sent.inode == status.st_ino) {
                sent.call.id = call.id;
                return false;
            }
            sent_.erase(found);
        }
    }
    if (!is_socket || (!is_unix_socket(call.thread, fd) && !wants_socket()) || !tracee.is_waiting())
        return false;
    if (has_own_filter(call.thread)) {
        const std::lock_guard lock(mutex_);
        sent_.insert_or_assign(call.thread, Sent{call, status.st_ino, UniqueFd(), EACCES});
        return false;
    }
    bool is_answered = false;
    tracer_.run([&] { is_answered = fetch(call, tracee, status.st_ino); });
    return is_answered;
}

bool DescriptorSender::has_own_filter(pid_t thread) const {
    const auto status = expects_filters_ ? read_thread_status(thread) : std::nullopt;
    return status && status->filters != filters_;
}

// On the tracing thread, which does not notice the thread's end before this is done.
bool DescriptorSender::fetch(const SystemCall& call, Tracee& tracee, std::uint64_t inode) {
    Sent sent{call, inode, UniqueFd(), 0};
    (void)take_sent();  // of a thread that was killed meanwhile
    const auto channel = lend_channel(call);
    auto [thread, is_answered] = StoppedThread::stop(call, kernel_, &tracer_);
    if (!thread)
        return is_answered;
    sent.failure = channel ? make_it_send(*thread, tracee, call.int_argument(0), *channel)
                           : to_int(channel.error());
    sent.socket = take_sent();
    struct stat status {};
    if (sent.failure == 0 &&
        (!sent.socket || ::fstat(sent.socket.get(), &status) != 0 || status.st_ino != sent.inode))
        sent.failure = EBADF;  // it was exchanged meanwhile
    if (Acceptor::handles(call.number) && thread->is_about_to_handle_signal()) {
        // It came while the call waited, if only for this. The kernel makes no accept again that
        // has a timeout (signal(7)).
        if (sent.failure == 0 && has_receive_timeout(sent.socket.get()))
            thread->finish(-EINTR);
        else
            thread->leave_to_handler();
        return true;
    }
    const std::lock_guard lock(mutex_);
    sent_.insert_or_assign(call.thread, std::move(sent));
    return true;
}

// 0 or an errno value.
int DescriptorSender::make_it_send(StoppedThread& thread, Tracee& tracee, int fd, int channel) {
    const auto close_channel = [&] {
        (void)thread.call(SYS_close, {static_cast<std::uint64_t>(channel)});
    };
    const auto magic = tracee.read_value<std::uint64_t>(page_address);
    if (!magic || *magic != SentMessage::magic_number) {
        const auto mapped = thread.call(
            SYS_mmap, {page_address, sigpipe_handler::page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~std::uint64_t{0}, 0});
        if (mapped != static_cast<std::int64_t>(page_address)) {
            close_channel();
            return ENOMEM;
        }
    }
    const int unwritten = tracee.write_value(page_address, message_for(fd));
    const auto result =
        unwritten != 0 ? std::optional<std::int64_t>(-unwritten)
                       : thread.call(SYS_sendmsg, {static_cast<std::uint64_t>(channel),
                                                   page_address + offsetof(SentMessage, header),
                                                   MSG_NOSIGNAL | MSG_DONTWAIT});
    close_channel();
    return result.value_or(-ESRCH) == 1 ? 0 : static_cast<int>(-result.value_or(-ESRCH));
}

// One more descriptor of the program's for a moment; at its limit, the limit is moved for it.
OrErrno<int> DescriptorSender::lend_channel(const SystemCall& call) {
    auto lent = kernel_.lend(call.id, theirs_.get());
    if (lent || lent.error() != Errno{EMFILE})
        return lent;
    rlimit limit{};
    if (::prlimit(call.thread, RLIMIT_NOFILE, nullptr, &limit) != 0)
        return lent;
    const rlimit wider{limit.rlim_cur + 1, std::max(limit.rlim_max, limit.rlim_cur + 1)};
    if (::prlimit(call.thread, RLIMIT_NOFILE, &wider, nullptr) != 0)
        return lent;
    lent = kernel_.lend(call.id, theirs_.get());
    ::prlimit(call.thread, RLIMIT_NOFILE, &limit, nullptr);
    return lent;
}

UniqueFd DescriptorSender::take_sent() {
    UniqueFd taken;
    UniqueFd last;
    char byte = 0;
    while (receive_with_fds(ours_.get(), &byte, sizeof byte, {&taken, 1}) == 0)
        last.reset(taken.release());
    return last;
}

OrErrno<UniqueFd> DescriptorSender::duplicate(pid_t thread, int fd) {
    struct stat status {};
    if (::stat(link_of(thread, fd).c_str(), &status) != 0)
        return Errno{errno == EACCES ? EPERM : EBADF};
    if (!S_ISSOCK(status.st_mode))
        return open_file(thread, fd, status);
    const std::lock_guard lock(mutex_);
    const auto found = sent_.find(thread);
    if (found == sent_.end() || found->second.call.int_argument(0) != fd ||
        found->second.inode != status.st_ino)
        return Errno{EBADF};
    if (found->second.failure != 0)
        return Errno{found->second.failure};
    UniqueFd copy(::fcntl(found->second.socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy)
        return Errno{errno};
    return copy;
}

#else

DescriptorSender::DescriptorSender(SeccompNotifier& kernel, Tracer& tracer)
    : kernel_(kernel), tracer_(tracer) {}
DescriptorSender::~DescriptorSender() = default;
int DescriptorSender::send(std::uint64_t id, const SyscallReply& reply) {
    return kernel_.send(id, reply);
}
int DescriptorSender::restart(const SystemCall& call) {
    return kernel_.restart(call);
}
void DescriptorSender::let_go(pid_t) {}
bool DescriptorSender::prepare(const SystemCall&, Tracee&, const std::function<bool()>&) {
    return false;
}
OrErrno<UniqueFd> DescriptorSender::duplicate(pid_t, int) {
    return Errno{ENOSYS};
}

#endif

}  // namespace glovebox::supervisor
