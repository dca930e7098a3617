// SPDX-License-Identifier: Apache-2.0

// Prints the table: every row in a process of its own, with a time limit, one line each.
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

static const struct rows* const all_rows[] = {
    &socket_rows, &bind_rows,     &connect_rows, &accept_rows,     &name_rows,   &option_rows,
    &poll_rows,   &transfer_rows, &close_rows,   &descriptor_rows, &device_rows, &agent_rows};
enum { tables = sizeof(all_rows) / sizeof(all_rows[0]) };

// A row that needs longer is one that hangs.
enum { row_seconds = 3 * patience_milliseconds / 1000 };
enum { first_port = 20000, ports_a_row = 16 };

struct place place;
static unsigned row_number;
static int answers;  // the pipe that the row's words go to

unsigned port(unsigned n) {
    return first_port + row_number * ports_a_row + n;
}

void say(const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(text) - 1)
        length = sizeof(text) - 2;
    text[length++] = ' ';
    ssize_t wrote = write(answers, text, (size_t)length);
    (void)wrote;
}

const char* errno_name(int error) {
    static char number[16];
    const char* name = strerrorname_np(error);
    if (name != NULL)
        return name;
    snprintf(number, sizeof(number), "errno%d", error);
    return number;
}

void say_errno(const char* what, int error) {
    say("%s=%s", what, errno_name(error));
}

void say_call(const char* what, long result) {
    if (result == -1)
        say_errno(what, errno);
    else
        say("%s=%ld", what, result);
}

static const char* cid_name(unsigned cid) {
    static char number[16];
    if (cid == place.self)
        return "self";
    switch (cid) {
        case VMADDR_CID_ANY:
            return "any";
        case VMADDR_CID_LOCAL:
            return "local";
        case VMADDR_CID_HOST:
            return "host";
        case 0:
            return "hypervisor";
        case 3:
            return "parent";
    }
    snprintf(number, sizeof(number), "%u", cid);
    return number;
}

static const char* port_name(unsigned number) {
    static char text[24];
    unsigned first = port(0);
    if (number == VMADDR_PORT_ANY)
        return "any";
    if (number >= first && number < first + ports_a_row)
        snprintf(text, sizeof(text), "p%u", number - first);
    else if (number == place.agent_port)
        return "agent";
    else if (number >= 1024)
        return "auto";
    else
        snprintf(text, sizeof(text), "%u", number);
    return text;
}

void say_address(const char* what, const struct sockaddr_vm* address, socklen_t length) {
    if (address->svm_family != AF_VSOCK)
        say("%s=family%u len=%u", what, address->svm_family, (unsigned)length);
    else
        say("%s=%s:%s flags=%u len=%u", what, cid_name(address->svm_cid),
            port_name(address->svm_port), address->svm_flags, (unsigned)length);
}

static void say_name(const char* what, int result, const struct sockaddr_vm* address,
                     socklen_t length) {
    if (result != 0)
        say_call(what, result);
    else
        say_address(what, address, length);
}

void say_own_name(const char* what, int socket) {
    struct sockaddr_vm address;
    socklen_t length = sizeof(address);
    memset(&address, 0, sizeof(address));
    say_name(what, getsockname(socket, (struct sockaddr*)&address, &length), &address, length);
}

void say_peer_name(const char* what, int socket) {
    struct sockaddr_vm address;
    socklen_t length = sizeof(address);
    memset(&address, 0, sizeof(address));
    say_name(what, getpeername(socket, (struct sockaddr*)&address, &length), &address, length);
}

void say_events(const char* what, unsigned events) {
    static const struct {
        unsigned bit;
        const char* name;
    } names[] = {{POLLIN, "IN"},   {POLLPRI, "PRI"},   {POLLOUT, "OUT"}, {POLLERR, "ERR"},
                 {POLLHUP, "HUP"}, {POLLNVAL, "NVAL"}, {0x2000, "RDHUP"}};
    char text[64] = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        if (events & names[i].bit) {
            if (text[0] != '\0')
                strcat(text, "|");
            strcat(text, names[i].name);
        }
    }
    say("%s=%s", what, text[0] != '\0' ? text : "none");
}

void say_poll(const char* what, int descriptor) {
    struct pollfd polled = {.fd = descriptor, .events = POLLIN | POLLPRI | POLLOUT | 0x2000};
    poll(&polled, 1, 0);
    say_events(what, (unsigned short)polled.revents);
}

void give_up(const char* what) {
    say("could-not-%s=%s", what, errno_name(errno));
    _exit(0);
}

static void run_row(const struct row* row) {
    static const char* const deciders[] = {"kernel", "switch", "unknown"};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        perror("vsock-behaviour: pipe2");
        exit(1);
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        answers = ends[1];
        setpgid(0, 0);  // so that what the row leaves behind can be ended with it
        alarm(row_seconds);
        row->run();
        _exit(0);
    }
    close(ends[1]);
    int status = 0;
    waitpid(child, &status, 0);
    kill(-child, SIGKILL);

    char text[4096];  // less than a pipe holds: the row never waited for us
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t length = read(ends[0], text, sizeof(text));
    close(ends[0]);
    printf("%s\t%s\t%s\t%.*s", row->id, deciders[row->decider], row->what,
           length > 0 ? (int)length - 1 : 0, text);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fputs(" hangs", stdout);
    else if (WIFSIGNALED(status))
        printf(" killed-by=SIG%s", sigabbrev_np(WTERMSIG(status)));
    putchar('\n');
    fflush(stdout);
}

static int usage(void) {
    fputs(
        "usage: vsock-behaviour --inside [--self CID] [--agent CID:PORT] [--silent CID]\n"
        "                       [--only ID-PREFIX]\n"
        "       vsock-behaviour --inside --serve-agent PORT\n"
        "       vsock-behaviour --list\n"
        "\n"
        "Goes through the corners of AF_VSOCK and prints a row for each.\n"
        "\n"
        "  --inside            I am in a virtual machine or under Glovebox's supervisor. Without\n"
        "                      it the program refuses: it would use this machine's own vsock.\n"
        "  --self CID          the CID by which it reaches itself (default 1, vsock_loopback)\n"
        "  --agent CID:PORT    where an agent listens, for the rows that want a far end elsewhere\n"
        "                      (default: one that it starts itself)\n"
        "  --silent CID        one that never answers (default 99)\n"
        "  --only ID-PREFIX    the rows whose id begins so\n"
        "  --serve-agent PORT  be that agent\n"
        "  --list              the rows' ids, without running any\n",
        stderr);
    return 2;
}

int main(int argc, char** argv) {
    bool inside = false, list = false;
    unsigned serve = 0;
    const char* only = "";
    place = (struct place){.self = VMADDR_CID_LOCAL,
                           .agent_cid = VMADDR_CID_ANY,
                           .agent_port = 19999,
                           .silent_cid = 99};
    if (argc == 3 && strcmp(argv[1], after_exec_argument) == 0)
        return after_exec(atoi(argv[2]));  // a row has executed this program again
    for (int i = 1; i < argc; ++i) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--inside") == 0)
            inside = true;
        else if (strcmp(argv[i], "--list") == 0)
            list = true;
        else if (strcmp(argv[i], "--self") == 0 && more)
            place.self = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--silent") == 0 && more)
            place.silent_cid = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0 && more)
            only = argv[++i];
        else if (strcmp(argv[i], "--serve-agent") == 0 && more)
            serve = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--agent") == 0 && more &&
                 sscanf(argv[++i], "%u:%u", &place.agent_cid, &place.agent_port) == 2)
            ;
        else
            return usage();
    }
    if (list) {
        for (size_t t = 0; t < tables; ++t)
            for (size_t i = 0; i < all_rows[t]->count; ++i)
                puts(all_rows[t]->row[i].id);
        return 0;
    }
    if (!inside) {
        fputs(
            "vsock-behaviour: refused: without --inside this would use this machine's own vsock\n",
            stderr);
        return usage();
    }
    if (serve != 0)
        return serve_agent(serve);
    if (place.agent_cid == VMADDR_CID_ANY) {
        place.agent_cid = place.self;
        start_agent(place.agent_port);
    }

    struct utsname system;
    uname(&system);
    printf(
        "# kernel\t%s\n# self\t%u\n# agent\t%u\n# id\tdecided by\twhat was done\twhat came back\n",
        system.release, place.self, place.agent_cid);
    for (size_t t = 0; t < tables; ++t) {
        for (size_t i = 0; i < all_rows[t]->count; ++i, ++row_number) {
            if (strncmp(all_rows[t]->row[i].id, only, strlen(only)) == 0)
                run_row(&all_rows[t]->row[i]);
        }
    }
    return 0;
}
