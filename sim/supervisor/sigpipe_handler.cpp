// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/sigpipe_handler.h"

#include <signal.h>

#if defined(__x86_64__)

// The kernel's numbers are written out: the assembler sees no headers. A handler may use every
// register, since its return restores them all.
//
// 13 is SIGPIPE and also rt_sigaction; 15 rt_sigreturn, 39 getpid, 55 getsockopt, 72 fcntl, 186
// gettid, 234 tgkill. In the siginfo: si_code at 8, si_pid at 16. In the ucontext: rdi at 104, rdx
// at 136, rax at 144.
asm(R"(
    .pushsection .rodata.glovebox_sigpipe, "a", @progbits
    .balign 16
    .hidden glovebox_sigpipe_code, glovebox_sigpipe_default, glovebox_sigpipe_forward
    .hidden glovebox_sigpipe_restorer, glovebox_sigpipe_end
    .globl glovebox_sigpipe_code, glovebox_sigpipe_default, glovebox_sigpipe_forward
    .globl glovebox_sigpipe_restorer, glovebox_sigpipe_end
glovebox_sigpipe_code:
    .quad 0x657069706b726d67            # the mark
.Lsigpipe_default_action:
    .quad 0, 0, 0, 0

glovebox_sigpipe_default:               # (number, siginfo, ucontext)
    call .Lsigpipe_is_ours
    je .Lsigpipe_return
    # The default action: it takes effect when the handler returns, and the mask is restored.
    movl $13, %eax
    movl $13, %edi
    leaq .Lsigpipe_default_action(%rip), %rsi
    xorl %edx, %edx
    movl $8, %r10d
    movabsq $0x676c6f7665626f78, %r8    # pass_argument
    syscall
    movl $39, %eax
    syscall
    movl %eax, %edi
    movl $186, %eax
    syscall
    movl %eax, %esi
    movl $13, %edx
    movl $234, %eax
    syscall
.Lsigpipe_return:
    ret

glovebox_sigpipe_forward:
    call .Lsigpipe_is_ours
    je .Lsigpipe_return
    movq %r12, %rdi
    movq %r13, %rsi
    movq %rbx, %rdx
    jmp *glovebox_sigpipe_code+4096(%rip)   # own_action_address: its handler

glovebox_sigpipe_restorer:
    movl $15, %eax
    syscall

# Equal: the signal is that of a write to an emulated socket. Keeps the arguments in r12, r13, rbx.
.Lsigpipe_is_ours:
    movq %rdi, %r12
    movq %rsi, %r13
    movq %rdx, %rbx
    # The call has failed with EPIPE, or has written a part before it did (sendfile, sendmmsg).
    movq 144(%rbx), %rax
    cmpq $-32, %rax
    je 1f
    testq %rax, %rax
    jle .Lsigpipe_no
1:  # From the kernel, which sends it as this process's own; kill(2) leaves 0 in rax, raise(3)
    # another code.
    cmpl $0, 8(%r13)
    jne .Lsigpipe_no
    movl $39, %eax
    syscall
    cmpl %eax, 16(%r13)
    jne .Lsigpipe_no
    movl 104(%rbx), %edi
    call .Lsigpipe_is_marked
    je 2f
    # splice(2) reads from a pipe, opened for reading alone, and writes to its third argument.
    movl 104(%rbx), %edi
    movl $3, %esi                       # F_GETFL
    movl $72, %eax
    syscall
    testl $-2147483645, %eax            # an error's sign, or O_ACCMODE
    jne .Lsigpipe_no
    movl 136(%rbx), %edi
    call .Lsigpipe_is_marked
2:  ret
.Lsigpipe_no:
    movl $1, %eax
    testl %eax, %eax                    # not equal
    ret

# Equal: descriptor edi is an emulated socket (socket_mark.h).
.Lsigpipe_is_marked:
    subq $24, %rsp
    movl $8, (%rsp)
    movq $0, 8(%rsp)
    movl $1, %esi                       # SOL_SOCKET
    movl $47, %edx                      # SO_MAX_PACING_RATE
    leaq 8(%rsp), %r10
    movq %rsp, %r8
    movl $55, %eax
    syscall
    movq 8(%rsp), %rax
    addq $24, %rsp
    shrq $8, %rax
    movabsq $0x676c6f7665626f, %rcx     # the mark without its flags
    cmpq %rcx, %rax
    ret
glovebox_sigpipe_end:
    .popsection
)");

extern "C" {
extern const std::uint8_t glovebox_sigpipe_code[];
extern const std::uint8_t glovebox_sigpipe_default[];
extern const std::uint8_t glovebox_sigpipe_forward[];
extern const std::uint8_t glovebox_sigpipe_restorer[];
extern const std::uint8_t glovebox_sigpipe_end[];
}

namespace glovebox::supervisor::sigpipe_handler {
namespace {

constexpr std::uint64_t flag_restorer = 0x04000000;  // SA_RESTORER in asm/signal.h

std::uint64_t address_of(const std::uint8_t* part) {
    return code_address + static_cast<std::uint64_t>(part - glovebox_sigpipe_code);
}
std::uint64_t handler_number(__sighandler_t handler) {
    return reinterpret_cast<std::uint64_t>(handler);
}

}  // namespace

BytesView code() {
    return {glovebox_sigpipe_code,
            static_cast<std::size_t>(glovebox_sigpipe_end - glovebox_sigpipe_code)};
}

bool is_forwarded(const KernelAction& programs) {
    // SA_RESETHAND: the kernel forgets the handler when it calls it, so nothing can come before it.
    return programs.handler != handler_number(SIG_DFL) &&
           programs.handler != handler_number(SIG_IGN) &&
           (programs.flags & static_cast<std::uint32_t>(SA_RESETHAND)) == 0;
}

KernelAction to_kernel(const KernelAction& programs) {
    if (programs.handler == handler_number(SIG_DFL))
        return {address_of(glovebox_sigpipe_default),
                flag_restorer | SA_SIGINFO | SA_RESTART | SA_ONSTACK,
                address_of(glovebox_sigpipe_restorer), 0};
    if (!is_forwarded(programs))
        return programs;
    return {address_of(glovebox_sigpipe_forward), programs.flags | SA_SIGINFO, programs.restorer,
            programs.mask};
}

KernelAction to_program(const KernelAction& kernels, const KernelAction& own) {
    if (kernels.handler == address_of(glovebox_sigpipe_default))
        return {};
    return kernels.handler == address_of(glovebox_sigpipe_forward) ? own : kernels;
}

}  // namespace glovebox::supervisor::sigpipe_handler

#endif
