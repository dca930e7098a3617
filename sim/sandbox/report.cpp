// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/report.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/leave_child.h"

namespace glovebox::sandbox {

int send_report(int socket, const Report& report, int descriptor) {
    Report copy = report;
    iovec part{&copy, sizeof copy};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

void fail(int socket, Report::Stage stage, int error, int step) noexcept {
    Report report;
    report.kind = Report::Kind::failed;
    report.stage = stage;
    report.error = error;
    report.step = step;
    send_report(socket, report);
    leave_child(EXIT_FAILURE);
}

bool receive_report(int socket, ReceivedReport& received) {
    received = {};
    iovec part{&received.report, sizeof received.report};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t size = 0;
    while ((size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (size == 0)
        errno = 0;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        if (header->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            received.sender = credentials.pid;
        } else if (header->cmsg_type == SCM_RIGHTS) {
            std::memcpy(&received.descriptor, CMSG_DATA(header), sizeof received.descriptor);
        }
    }
    return size == static_cast<ssize_t>(sizeof received.report);
}

UniqueFd expect_report(int socket, Report::Kind kind) noexcept {
    ReceivedReport received;
    const bool came = receive_report(socket, received);
    UniqueFd descriptor(received.descriptor);
    if (!came || received.report.kind != kind)
        leave_child(EXIT_FAILURE);
    return descriptor;
}

}  // namespace glovebox::sandbox
