// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/guest.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <filesystem>

#include "core/base/argument_pointers.h"
#include "core/base/bytes.h"
#include "core/base/file_bytes.h"
#include "core/base/random_source.h"
#include "sim/vm/guest_image.h"
#include "sim/vm/qemu_command.h"
#include "sim/vm/write_all.h"

namespace glovebox::vm {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr std::size_t token_bytes = 8;
// Between the command's status and the end of QEMU; a busy machine needs some of it.
constexpr auto power_off_limit = 30s;
constexpr auto longest_wait = 1h;  // of one poll(2)

struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;

    [[nodiscard]] static Result<SocketPair> make() {
        std::array<int, 2> ends{-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
            return errno_error("socketpair", errno);
        return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    }
};

// The child's end. QEMU must not outlive its starter, however that ends.
[[noreturn]] void become(std::vector<std::string> words, const std::array<int, 3>& inherited,
                         int log, pid_t parent) {
    const std::vector<char*> arguments = argument_pointers(words);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setpgid(0, 0);  // Ctrl-C is the starter's to handle
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(null, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    for (const int fd : inherited)
        ::fcntl(fd, F_SETFD, 0);
    ::execvp(arguments.front(), arguments.data());
    const std::string sentence =
        fmt::format("cannot start {}: {}\n", words.front(), errno_text(errno));
    (void)write_all(STDERR_FILENO, sentence);
    ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<Guest>> Guest::start(const GuestOptions& options, const Kernel& kernel,
                                            const Platform& platform, Acceleration acceleration) {
    auto work = Scratch::make_folder(fs::temp_directory_path(), "glovebox-vm-");
    if (!work)
        return work.error();
    Bytes random(token_bytes);
    SystemRandom().fill(random);
    const std::string token = to_hex(random);
    const auto image = guest_image(options, kernel, token);
    if (!image)
        return image.error();
    if (const auto written = image->write(work->path() / "initrd"); !written)
        return written.error();
    std::unique_ptr<Guest> guest(new Guest(std::move(*work), options.name, token));
    if (const auto launched = guest->launch(options, kernel, platform, acceleration); !launched)
        return launched.error();
    return guest;
}

Result<void> Guest::launch(const GuestOptions& options, const Kernel& kernel,
                           const Platform& platform, Acceleration acceleration) {
    auto console = SocketPair::make();
    auto output = SocketPair::make();
    auto errors = SocketPair::make();
    if (!console || !output || !errors)
        return !console ? console.error() : !output ? output.error() : errors.error();
    const UniqueFd log(::open((work_.path() / "qemu.log").c_str(),
                              O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    QemuSettings settings;
    settings.platform = platform;
    settings.acceleration = acceleration;
    settings.memory_mib = options.memory_mib;
    settings.processors = options.processors;
    settings.kernel = kernel.image;
    settings.initramfs = work_.path() / "initrd";
    settings.vsock_socket = options.vsock_socket;
    settings.has_host_files = options.has_host_files;
    settings.shared_folders = options.shared_folders;
    settings.agent_sockets = options.agent_sockets;
    settings.channels = {console->theirs.get(), output->theirs.get(), errors->theirs.get()};
    const std::vector<std::string> words = qemu_command(settings);
    const pid_t self = ::getpid();
    process_ = ::fork();
    if (process_ < 0)
        return errno_error("cannot start " + words.front(), errno);
    if (process_ == 0)
        become(words, {console->theirs.get(), output->theirs.get(), errors->theirs.get()},
               log.get(), self);
    console_channel_ = std::move(console->ours);
    output_channel_ = std::move(output->ours);
    errors_channel_ = std::move(errors->ours);
    return {};
}

Guest::~Guest() {
    end();
}

void Guest::end() {
    if (process_ <= 0)
        return;
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
}

Error Guest::failure(const std::string& how) {
    end();
    console_.take(read_system_text(work_.path() / "qemu.log"));
    return Error(make_error_code(boost::system::errc::io_error),
                 fmt::format("the guest {} {}; {}", name_, how, console_.end()));
}

void Guest::take_console(std::string_view bytes, const GuestStreams& streams) {
    (void)write_all(streams.console, bytes);
    console_.take(bytes);
    if (console_.is_ready() && !was_ready_) {
        was_ready_ = true;
        (void)write_all(streams.events, "ready\n");
    }
}

void Guest::pass_on(UniqueFd& channel, int to, const GuestStreams& streams) {
    std::string piece(piece_bytes, '\0');
    const ssize_t got = ::recv(channel.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        channel.reset();
        return;
    }
    piece.resize(static_cast<std::size_t>(got));
    if (&channel == &console_channel_)
        take_console(piece, streams);
    else
        (void)write_all(to, piece);
}

void Guest::pass_input(const GuestStreams& streams, short events) {
    if (pending_input_.empty() && (events & (POLLIN | POLLHUP)) != 0) {
        pending_input_.resize(piece_bytes);
        const ssize_t got = ::read(streams.input, pending_input_.data(), pending_input_.size());
        pending_input_.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        input_has_ended_ = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
    }
    if (pending_input_.empty() || !output_channel_)
        return;
    const ssize_t sent = ::send(output_channel_.get(), pending_input_.data(), pending_input_.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        pending_input_.erase(0, static_cast<std::size_t>(sent));
}

Result<int> Guest::run(const GuestLimits& limits, const GuestStreams& streams, int stop) {
    (void)write_all(streams.events, fmt::format("qemu {}\n", process_));
    const Time start = std::chrono::steady_clock::now();
    Time deadline = start + limits.boot;
    bool is_command_timed = false;
    bool is_ending = false;
    while (console_channel_ || output_channel_ || errors_channel_) {
        const Time now = std::chrono::steady_clock::now();
        if (was_ready_ && !is_command_timed) {
            is_command_timed = true;
            deadline = limits.command ? now + *limits.command : Time::max();
        }
        if (console_.status() && !is_ending) {
            is_ending = true;
            deadline = now + power_off_limit;
        }
        if (now >= deadline) {
            if (is_ending)
                break;
            return failure(was_ready_ ? "did not end its command in the time that it had"
                                      : "did not boot in the time that it had");
        }
        const bool reads_input = streams.input >= 0 && was_ready_ && !input_has_ended_;
        std::array<pollfd, 5> polled{
            {{console_channel_.get(), POLLIN, 0},
             {output_channel_.get(),
              static_cast<short>(POLLIN | (pending_input_.empty() ? 0 : POLLOUT)), 0},
             {errors_channel_.get(), POLLIN, 0},
             {reads_input && pending_input_.empty() ? streams.input : -1, POLLIN, 0},
             {stop, POLLIN, 0}}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<Time::duration>(deadline - now, longest_wait));
        const int patience = static_cast<int>(left.count());
        if (::poll(polled.data(), polled.size(), patience) < 0 && errno != EINTR)
            return errno_error("poll", errno);
        if (polled[4].revents != 0) {
            end();
            return system_error(ECANCELED, "the guest was ended");
        }
        if (polled[0].revents != 0)
            pass_on(console_channel_, -1, streams);
        if ((polled[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            pass_on(output_channel_, streams.output, streams);
        if (polled[2].revents != 0)
            pass_on(errors_channel_, streams.errors, streams);
        if (polled[3].revents != 0 || (polled[1].revents & POLLOUT) != 0)
            pass_input(streams, polled[3].revents);
    }
    if (!console_.status())
        return failure("ended before its command did");
    (void)write_all(streams.events, fmt::format("exit {}\n", *console_.status()));
    end();
    return *console_.status();
}

}  // namespace glovebox::vm
