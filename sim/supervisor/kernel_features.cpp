// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/kernel_features.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace glovebox::supervisor {
namespace {

// Not in the headers of every distribution.
constexpr int family_smc = 43;       // AF_SMC
constexpr int family_xdp = 44;       // AF_XDP
constexpr int family_mctp = 45;      // AF_MCTP
constexpr int protocol_mptcp = 262;  // IPPROTO_MPTCP
constexpr int netlink_rdma = 20;     // NETLINK_RDMA
// The same on every architecture but Alpha.
constexpr int call_landlock_create_ruleset = 444;
constexpr int call_landlock_add_rule = 445;
constexpr int call_landlock_restrict_self = 446;
constexpr int any = AbsentSocket::any;

constexpr std::array sockets{
    AbsentSocket{AF_NETLINK, NETLINK_NETFILTER, EPROTONOSUPPORT, "NF_TABLES",
                 "nftables, iptables-nft, ipset, NFQUEUE and conntrack(8): use iptables-legacy"},
    AbsentSocket{AF_NETLINK, NETLINK_CRYPTO, EPROTONOSUPPORT, "CRYPTO_USER", "crconf"},
    AbsentSocket{AF_NETLINK, netlink_rdma, EPROTONOSUPPORT, "INFINIBAND", "rdma"},
    AbsentSocket{AF_INET, IPPROTO_SCTP, EPROTONOSUPPORT, "IP_SCTP", "SCTP"},
    AbsentSocket{AF_INET6, IPPROTO_SCTP, EPROTONOSUPPORT, "IP_SCTP", "SCTP"},
    AbsentSocket{AF_INET, IPPROTO_DCCP, EPROTONOSUPPORT, "IP_DCCP", "DCCP"},
    AbsentSocket{AF_INET6, IPPROTO_DCCP, EPROTONOSUPPORT, "IP_DCCP", "DCCP"},
    AbsentSocket{AF_INET, protocol_mptcp, EPROTONOSUPPORT, "MPTCP", "Multipath TCP"},
    AbsentSocket{AF_INET6, protocol_mptcp, EPROTONOSUPPORT, "MPTCP", "Multipath TCP"},
    AbsentSocket{AF_KEY, any, EAFNOSUPPORT, "NET_KEY", "PF_KEY: use XFRM netlink"},
    AbsentSocket{AF_ALG, any, EAFNOSUPPORT, "CRYPTO_USER_API", "the kernel's ciphers"},
    AbsentSocket{AF_PPPOX, any, EAFNOSUPPORT, "PPP", "PPPoE, L2TP"},
    AbsentSocket{AF_LLC, any, EAFNOSUPPORT, "LLC2", "LLC"},
    AbsentSocket{AF_CAN, any, EAFNOSUPPORT, "CAN", "CAN"},
    AbsentSocket{AF_BLUETOOTH, any, EAFNOSUPPORT, "BT", "Bluetooth"},
    AbsentSocket{AF_TIPC, any, EAFNOSUPPORT, "TIPC", "TIPC"},
    AbsentSocket{AF_RDS, any, EAFNOSUPPORT, "RDS", "RDS"},
    AbsentSocket{AF_RXRPC, any, EAFNOSUPPORT, "AF_RXRPC", "AFS"},
    AbsentSocket{AF_KCM, any, EAFNOSUPPORT, "AF_KCM", "KCM"},
    AbsentSocket{AF_QIPCRTR, any, EAFNOSUPPORT, "QRTR", "Qualcomm's IPC router"},
    AbsentSocket{family_smc, any, EAFNOSUPPORT, "SMC", "SMC"},
    AbsentSocket{family_xdp, any, EAFNOSUPPORT, "XDP_SOCKETS", "AF_XDP"},
    AbsentSocket{family_mctp, any, EAFNOSUPPORT, "MCTP", "MCTP"},
    AbsentSocket{AF_NFC, any, EAFNOSUPPORT, "NFC", "NFC"},
    AbsentSocket{AF_PHONET, any, EAFNOSUPPORT, "PHONET", "Phonet"},
    AbsentSocket{AF_CAIF, any, EAFNOSUPPORT, "CAIF", "CAIF"},
    AbsentSocket{AF_IEEE802154, any, EAFNOSUPPORT, "IEEE802154", "IEEE 802.15.4"},
    AbsentSocket{AF_X25, any, EAFNOSUPPORT, "X25", "X.25"},
    AbsentSocket{AF_AX25, any, EAFNOSUPPORT, "HAMRADIO", "AX.25"},
    AbsentSocket{AF_APPLETALK, any, EAFNOSUPPORT, "ATALK", "AppleTalk"},
    AbsentSocket{AF_ATMPVC, any, EAFNOSUPPORT, "ATM", "ATM"},
    AbsentSocket{AF_ATMSVC, any, EAFNOSUPPORT, "ATM", "ATM"},
};

// SECURITY_LANDLOCK
constexpr std::array calls{call_landlock_create_ruleset, call_landlock_add_rule,
                           call_landlock_restrict_self};

constexpr std::array<std::string_view, 40> file_systems{
    "9p",    "affs",    "afs",     "autofs", "bcachefs", "befs",     "bfs",      "btrfs",
    "ceph",  "cifs",    "coda",    "cramfs", "ecryptfs", "erofs",    "exfat",    "f2fs",
    "fuse",  "fuseblk", "fusectl", "gfs2",   "hfs",      "hfsplus",  "iso9660",  "jfs",
    "minix", "msdos",   "nilfs2",  "ntfs",   "ntfs3",    "ocfs2",    "orangefs", "reiserfs",
    "romfs", "smb3",    "udf",     "ufs",    "vfat",     "virtiofs", "xfs",      "zonefs"};

// The congestion controls that are built in; the others' names are ENOENT.
constexpr std::array<std::string_view, 2> congestion_controls{"cubic", "reno"};

bool is_tcp(int socket) {
    int protocol = 0;
    socklen_t bytes = sizeof protocol;
    return ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &bytes) == 0 &&
           protocol == IPPROTO_TCP;
}

// What socket(2) of this type says on a kernel without the socket; 0 where that does not depend on
// the table: unknown types, raw sockets of any protocol, types that netlink never has.
int refusal_of(const AbsentSocket& absent, int type) {
    const int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    constexpr int kinds = 11;  // SOCK_MAX
    if (kind < 0 || kind >= kinds)
        return 0;
    if (absent.family == AF_NETLINK)
        return kind == SOCK_RAW || kind == SOCK_DGRAM ? absent.errno_value : 0;
    if (absent.family != AF_INET && absent.family != AF_INET6)
        return absent.errno_value;
    switch (kind) {
        case SOCK_STREAM:
        case SOCK_DGRAM:
            return absent.errno_value;
        case SOCK_RDM:
        case SOCK_SEQPACKET:
        case SOCK_DCCP:
            return ESOCKTNOSUPPORT;  // only SCTP and DCCP have them
        default:
            return 0;
    }
}

// mount(2) with one of these looks at no file system's name.
constexpr unsigned long no_new_file_system =
    MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

}  // namespace

std::span<const AbsentSocket> absent_sockets() {
    return sockets;
}

std::span<const int> absent_calls() {
    return calls;
}

std::span<const std::string_view> absent_file_systems() {
    return file_systems;
}

std::optional<SyscallReply> KernelFeatures::answer(const SystemCall& call, Tracee& tracee) {
    if (call.number == SYS_mount)
        return (call.arguments[3] & no_new_file_system) == 0
                   ? file_system(tracee, call.arguments[2])
                   : std::nullopt;
    if (call.number == call_fsopen)
        return file_system(tracee, call.arguments[0]);
    if (call.number == SYS_setsockopt)
        return option(call, tracee);
    if (call.number != SYS_socket)
        return std::nullopt;
    for (const AbsentSocket& socket : sockets) {
        if (call.int_argument(0) != socket.family ||
            (socket.protocol != any && call.int_argument(2) != socket.protocol))
            continue;
        const int error = refusal_of(socket, call.int_argument(1));
        if (error == 0)
            return std::nullopt;
        notices_.tell(socket.protocol == NETLINK_NETFILTER ? LogLevel::warning : LogLevel::info,
                      std::string(socket.option), "kernel_feature",
                      "the program asks for a socket that the kernel of AWS's enclaves lacks "
                      "(CONFIG_{} is not set), so it fails here as on Nitro: {}",
                      socket.option, socket.use);
        return SyscallReply::error(error);
    }
    return std::nullopt;
}

std::optional<SyscallReply> KernelFeatures::file_system(Tracee& tracee, std::uint64_t name_at) {
    const auto name = tracee.read_path(name_at);
    // "fuse.sshfs" is a fuse.
    const std::string_view type =
        name ? std::string_view(*name).substr(0, name->find('.')) : std::string_view();
    if (std::find(file_systems.begin(), file_systems.end(), type) == file_systems.end())
        return std::nullopt;
    notices_.tell(LogLevel::warning, std::string(type), "kernel_feature",
                  "the program mounts a file system, {}, that the kernel of AWS's enclaves lacks: "
                  "it fails here as on Nitro (ENODEV)",
                  type);
    return SyscallReply::error(ENODEV);
}

// tcp(7): the name of a congestion control or of an upper layer, as TLS. Sockets of other protocols
// refuse these options by themselves.
std::optional<SyscallReply> KernelFeatures::option(const SystemCall& call, Tracee& tracee) {
    const int option = call.int_argument(2);
    if (call.int_argument(1) != IPPROTO_TCP || (option != TCP_ULP && option != TCP_CONGESTION))
        return std::nullopt;
    const int bytes = call.int_argument(4);
    const auto socket = tracee.descriptor(call.int_argument(0));
    if (bytes < 1 || !socket || !is_tcp(socket->get()))
        return std::nullopt;
    std::array<std::uint8_t, 16> text{};  // TCP_CA_NAME_MAX
    const auto wanted = std::min(text.size() - 1, static_cast<std::size_t>(bytes));
    const auto read = tracee.read_some(call.arguments[3], {text.data(), wanted});
    const std::string_view name(reinterpret_cast<const char*>(text.data()));
    if (!read || (*read < wanted && name.size() >= *read))
        return std::nullopt;
    if (option == TCP_CONGESTION &&
        (name.empty() || std::find(congestion_controls.begin(), congestion_controls.end(), name) !=
                             congestion_controls.end()))
        return std::nullopt;
    notices_.tell(LogLevel::info, "tcp", "kernel_feature",
                  "the program asks for TCP's {}, which the kernel of AWS's enclaves lacks: it "
                  "fails here as on Nitro (ENOENT)",
                  name);
    return SyscallReply::error(ENOENT);
}

}  // namespace glovebox::supervisor
