// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracing_notifier.h"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "nsm-mock/module/nsm_device.h"
#include "sim/supervisor/device_calls.h"
#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/root_calls.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/socket_mark.h"
#include "transports/world.h"

namespace glovebox::supervisor {
namespace {

// RFC 8949, section 3.1: major types 3 and 5, in the low bits a length, 24 for one in the next
// byte.
constexpr std::uint8_t major_mask = 0xe0;
constexpr std::uint8_t major_text = 0x60;
constexpr std::uint8_t major_map = 0xa0;
constexpr std::uint8_t length_follows = 24;

// Takes a text string off the front; nothing when there is none.
std::optional<std::string_view> take_text(BytesView& bytes) {
    if (bytes.empty() || (bytes[0] & major_mask) != major_text)
        return std::nullopt;
    std::size_t length = bytes[0] & ~major_mask;
    std::size_t start = 1;
    if (length == length_follows && bytes.size() > 1) {
        length = bytes[1];
        start = 2;
    } else if (length >= length_follows) {
        return std::nullopt;
    }
    if (bytes.size() < start + length)
        return std::nullopt;
    const std::string_view text = as_text(bytes.subspan(start, length));
    bytes = bytes.subspan(start + length);
    return text;
}

// The first key of a map, or a text that stands alone.
std::optional<std::string_view> take_name(BytesView& bytes) {
    if (!bytes.empty() && (bytes[0] & major_mask) == major_map)
        bytes = bytes.subspan(1);
    return take_text(bytes);
}

std::string name_of(int number) {
    const std::unique_ptr<char, decltype(&std::free)> name(
        ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), &std::free);
    return name ? name.get() : fmt::format("syscall {}", number);
}

std::string name_of_errno(int number) {
    if (number == errno_restart)
        return "interrupted";
    const char* const name = ::strerrorname_np(number);
    return name != nullptr ? name : fmt::format("errno {}", number);
}

// What SO_ERROR will say of a connect in progress.
std::string outcome_of_connect(int socket) {
    const auto mark = read_mark(socket);
    return mark && mark->error_pending ? name_of_errno(ECONNRESET) : "connected";
}

std::string result_of(const SyscallReply& reply) {
    switch (reply.kind()) {
        case SyscallReply::Kind::error:
            if (reply.fd() >= 0)  // a non-blocking connect
                return fmt::format("{}, and then {}", name_of_errno(reply.errno_value()),
                                   outcome_of_connect(reply.fd()));
            return name_of_errno(reply.errno_value());
        case SyscallReply::Kind::value:
            return std::to_string(reply.return_value());
        case SyscallReply::Kind::install:
            return "a descriptor";
        default:
            return "passed to the kernel";
    }
}

std::string describe_nsm(const SystemCall& call, Tracee& tracee, const SyscallReply& reply) {
    const auto raw = tracee.read_value<NsmRaw>(call.arguments[2]);
    if (!raw)
        return "NSM ? = " + result_of(reply);
    const auto bytes_at = [&](const auto& part, std::size_t most) {
        Bytes bytes(std::min<std::uint64_t>(part.length, most));
        const bool is_there = tracee.read(part.address, bytes) == 0;
        return is_there ? bytes : Bytes{};
    };
    return fmt::format("NSM {} = {}",
                       nsm_request_name(bytes_at(raw->request, nsm::request_bytes_max)),
                       reply.kind() == SyscallReply::Kind::value
                           ? describe_nsm_response(bytes_at(raw->response, nsm::response_bytes_max))
                           : result_of(reply));
}

bool takes_address(int number) {
    return number == SYS_bind || number == SYS_connect;
}

bool accepts(int number) {
    return number == SYS_accept4
#ifdef SYS_accept
           || number == SYS_accept
#endif
        ;
}

bool is_emulated(Tracee& tracee, int descriptor) {
    const auto fd = tracee.descriptor(descriptor);
    return fd && read_mark(fd->get());
}

}  // namespace

std::string nsm_request_name(BytesView request) {
    return std::string(take_name(request).value_or("?"));
}

std::string describe_nsm_response(BytesView response) {
    BytesView rest = response;
    if (take_name(rest) == "Error")
        if (const auto error = take_text(rest))
            return std::string(*error);
    return fmt::format("{} bytes", response.size());
}

OrErrno<SystemCall> TracingNotifier::receive() {
    auto call = kernel_.receive();
    if (call) {
        const std::lock_guard lock(mutex_);
        if (open_calls_.size() >= open_calls_max)
            std::erase_if(open_calls_,
                          [this](const auto& open) { return !kernel_.is_valid(open.first); });
        open_calls_.emplace(call->id, *call);
    }
    return call;
}

int TracingNotifier::tell(std::uint64_t id, const SyscallReply& reply,
                          const std::function<int()>& answer) {
    std::optional<SystemCall> call;
    {
        const std::lock_guard lock(mutex_);
        if (auto found = open_calls_.extract(id))
            call = found.mapped();
    }
    // While the call waits: afterwards its memory is anybody's.
    const std::string line = call ? describe(*call, reply) : std::string();
    const int failure = answer();
    if (failure == 0 && !line.empty())
        log_.info("system_call", "{}: {}", call->thread, line);
    if (failure != 0 && call) {  // EMFILE: it is answered once more
        const std::lock_guard lock(mutex_);
        open_calls_.emplace(id, *call);
    }
    return failure;
}

std::string TracingNotifier::describe(const SystemCall& call, const SyscallReply& reply) {
    const auto tracee = make_tracee_(call);
    const int first = call.int_argument(0);
    if (reply.kind() == SyscallReply::Kind::pass_through) {
        return call.number == SYS_shutdown && is_emulated(*tracee, first)
                   ? fmt::format("shutdown(fd {}, {})", first, call.int_argument(1))
                   : "";
    }
    if (call.number == SYS_ioctl && static_cast<std::uint32_t>(call.arguments[1]) == ioctl_nsm_raw)
        return describe_nsm(call, *tracee, reply);
    // "fd 5": a bare number would be taken for a CID.
    std::string arguments = fmt::format("fd {}", first);
    if (takes_address(call.number)) {
        const auto given = read_address(*tracee, call.arguments[1], call.int_argument(2));
        arguments += given ? fmt::format(", {}", to_string(given->address)) : ", ?";
    } else if (call.number == SYS_listen) {
        arguments += fmt::format(", backlog {}", call.int_argument(1));
    } else if (call.number == SYS_socket) {
        const std::string family = first == AF_VSOCK ? "AF_VSOCK" : fmt::format("family {}", first);
        arguments =
            fmt::format("{}, {:#x}, {}", family, call.int_argument(1), call.int_argument(2));
    } else if (RootCalls::handles(call.number)) {
        arguments = fmt::format("{:#x}, {:#x}, {:#x}", call.arguments[0], call.arguments[1],
                                call.arguments[2]);
    } else if (const auto index = DeviceCalls::path_argument(call.number)) {
        const auto path = tracee->read_path(call.arguments[*index]);
        arguments = path ? *path : "?";
    } else if (call.number == SYS_getsockopt || call.number == SYS_setsockopt) {
        arguments += fmt::format(", {}, {}", call.int_argument(1), call.int_argument(2));
    }
    const bool is_connection = accepts(call.number) && reply.kind() == SyscallReply::Kind::install;
    return fmt::format(
        "{}({}) = {}", name_of(call.number), arguments,
        is_connection ? "a connection from " + to_string(transports::World::peer_of(reply.fd()))
                      : result_of(reply));
}

}  // namespace glovebox::supervisor
