// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/exec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>

#include "core/base/file_bytes.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/children.h"
#include "sim/enclave/exit_status.h"
#include "sim/supervisor/syscall_filter.h"

namespace glovebox::enclave {
namespace {

constexpr int all_namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                               CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

// The value of a line of /proc/PID/status.
std::string status_line(pid_t process, std::string_view name) {
    std::istringstream lines(read_system_text(fmt::format("/proc/{}/status", process)));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
            return line.substr(
                std::min(line.find_first_not_of(" \t", name.size() + 1), line.size()));
    return {};
}

// The number of blank-separated words: NSpid has one for each PID namespace that a process is in.
std::size_t count_words(const std::string& text) {
    std::istringstream words(text);
    return static_cast<std::size_t>(std::distance(std::istream_iterator<std::string>(words), {}));
}

// A process of the enclave that may be inspected, which its PID 1 may not.
std::optional<pid_t> find_program(pid_t run) {
    const std::size_t outside = count_words(status_line(run, "NSpid"));
    for (const pid_t init : list_children(run))
        for (const pid_t program : list_children(init))
            if (count_words(status_line(program, "NSpid")) > outside)
                return program;
    // An image's own init, which may have no child yet.
    for (const pid_t init : list_children(run))
        if (count_words(status_line(init, "NSpid")) > outside &&
            !read_system_text(fmt::format("/proc/{}/environ", init)).empty())
            return init;
    return std::nullopt;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// The enclave's program can make the path of the command lead to /proc/self/exe. It could then
// write to this program's file, which may belong to its user ID. So the command is started by a
// sealed copy of this program, which cannot be changed.
Result<void> become_sealed_copy() {
    constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const UniqueFd own(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!own)
        return errno_error("cannot open /proc/self/exe", errno);
    const int present = ::fcntl(own.get(), F_GET_SEALS);
    if (present >= 0 && (present & seals) == seals)
        return {};
    const UniqueFd copy(::memfd_create("glovebox", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    struct stat status {};
    if (!copy || ::fstat(own.get(), &status) != 0)
        return errno_error("cannot copy /proc/self/exe", errno);
    for (off_t left = status.st_size; left > 0;) {
        const ssize_t moved =
            ::sendfile(copy.get(), own.get(), nullptr, static_cast<std::size_t>(left));
        if (moved <= 0)
            return errno_error("cannot copy /proc/self/exe", moved == 0 ? EIO : errno);
        left -= moved;
    }
    if (::fcntl(copy.get(), F_ADD_SEALS, seals) != 0)
        return errno_error("cannot seal a copy of /proc/self/exe", errno);
    std::vector<std::string> words;
    std::istringstream line(read_system_text("/proc/self/cmdline"));
    for (std::string word; std::getline(line, word, '\0');)
        words.push_back(std::move(word));
    ::fexecve(copy.get(), pointers_to(words).data(), environ);
    return errno_error("cannot execute a copy of /proc/self/exe", errno);
}

// The facts about the program that are read before its namespaces are joined.
struct Program {
    UniqueFd process;  // a pidfd
    UniqueFd root;
    UniqueFd directory;
    std::uint64_t bounding_set = 0;
    std::vector<std::string> environment;
};

Result<Program> look_at(pid_t process) {
    Program program;
    program.process = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    const auto open = [&](const char* name) {
        return UniqueFd(::open(fmt::format("/proc/{}/{}", process, name).c_str(),
                               O_PATH | O_DIRECTORY | O_CLOEXEC));
    };
    program.root = open("root");
    program.directory = open("cwd");
    if (!program.process || !program.root || !program.directory)
        return errno_error("cannot look at the enclave's program", errno);
    program.bounding_set = std::strtoull(status_line(process, "CapBnd").c_str(), nullptr, 16);
    std::istringstream variables(read_system_text(fmt::format("/proc/{}/environ", process)));
    for (std::string variable; std::getline(variables, variable, '\0');)
        if (!variable.starts_with("TERM="))
            program.environment.push_back(std::move(variable));
    if (const char* terminal = std::getenv("TERM"))
        program.environment.push_back(std::string("TERM=") + terminal);
    return program;
}

// Becomes the enclave's root, with no more capabilities than its program and without AF_VSOCK.
// Returns 0 or an errno.
int take_program_rights(const Program& program, const std::vector<sock_filter>& filter) {
    (void)::setgroups(0, nullptr);  // an ordinary user's namespace may forbid it
    if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)
        return errno;
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
        if ((program.bounding_set >> capability & 1) == 0 &&
            ::prctl(PR_CAPBSET_DROP, capability) != 0)
            return errno;
    const sock_fprog program_of_filter{static_cast<unsigned short>(filter.size()),
                                       const_cast<sock_filter*>(filter.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program_of_filter) != 0)
        return errno;
    return 0;
}

// The terminal that this process has in the foreground, for the time in which a command has it. A
// shell that does job control wants to be the leader of the foreground group, and the group of this
// process is one that it doesn't see from the enclave's PID namespace.
class LentTerminal {
  public:
    LentTerminal() : has_terminal_(::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
        if (has_terminal_)  // taking it back from the background raises it
            ::signal(SIGTTOU, SIG_IGN);
    }

    // By the command's process, for itself.
    void take_as_leader() const {
        if (!has_terminal_)
            return;
        ::setpgid(0, 0);
        ::tcsetpgrp(STDIN_FILENO, ::getpid());
        ::signal(SIGTTOU, SIG_DFL);
    }

    // The status of the process, whatever has stopped it in between: Ctrl-Z stops both.
    [[nodiscard]] int wait_for(pid_t child) const {
        int status = 0;
        for (;;) {
            if (::waitpid(child, &status, has_terminal_ ? WUNTRACED : 0) < 0)
                continue;  // EINTR
            if (has_terminal_)
                ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
            if (!WIFSTOPPED(status))
                return status;
            ::raise(SIGSTOP);
            ::tcsetpgrp(STDIN_FILENO, child);
            ::kill(-child, SIGCONT);
        }
    }

  private:
    bool has_terminal_;
};

[[noreturn]] void run_command(const Program& program, const std::vector<sock_filter>& filter,
                              std::vector<std::string> command) {
    std::vector<std::string> environment = program.environment;
    const auto argv = pointers_to(command);
    const auto envp = pointers_to(environment);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int number : {SIGINT, SIGQUIT, SIGPIPE})
        ::signal(number, SIG_DFL);
    const int refused = take_program_rights(program, filter);
    if (refused == 0) {
        for (const std::string& variable : environment)  // whose PATH finds the command
            ::putenv(const_cast<char*>(variable.c_str()));
        ::execvpe(argv.front(), argv.data(), envp.data());
    }
    const int failure = refused != 0 ? refused : errno;
    std::cerr << fmt::format("glovebox: cannot start {} in the enclave: {}", command.front(),
                             std::strerror(failure))
              << std::endl;
    ::_exit(failure == ENOENT ? exit_not_found : exit_not_executable);
}

}  // namespace

Result<int> execute_in(const EnclaveRecord& record, const std::vector<std::string>& command) {
    if (record.isolation != "sandbox")
        return invalid_input(fmt::format(
            "enclave {} has no sandbox (--isolation none): its files and its network are this "
            "machine's, so the command can run here",
            record.cid));
    if (const auto sealed = become_sealed_copy(); !sealed)
        return sealed.error();
    const auto process = find_program(record.process);
    if (!process)
        return system_error(ESRCH, fmt::format("no process of enclave {} was found: it has just "
                                               "ended, or is about to start",
                                               record.cid));
    const auto program = look_at(*process);
    if (!program)
        return program.error();
    const auto filter = supervisor::make_denying_filter(EAFNOSUPPORT);
    if (!filter)
        return filter.error();
    ::prctl(PR_SET_DUMPABLE, 0);  // until exec, nobody in the enclave looks into this process
    if (::setns(program->process.get(), all_namespaces) != 0 ||
        ::fchdir(program->root.get()) != 0 || ::chroot(".") != 0 ||
        ::fchdir(program->directory.get()) != 0)
        return errno_error(fmt::format("cannot enter enclave {}", record.cid), errno);
    for (const int number : {SIGINT, SIGQUIT})  // the terminal sends them to the command too
        ::signal(number, SIG_IGN);
    ::signal(SIGCHLD, SIG_DFL);  // a caller that ignores it takes the command's status away
    const LentTerminal terminal;
    const pid_t child = ::fork();
    if (child < 0)
        return errno_error("cannot start a process in the enclave", errno);
    if (child == 0) {
        terminal.take_as_leader();
        run_command(*program, *filter, command);
    }
    const int status = terminal.wait_for(child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace glovebox::enclave
