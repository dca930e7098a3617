// SPDX-License-Identifier: Apache-2.0

// glovebox logs: what an enclave's console has, also after its end.

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <optional>

#include "sim/cli/commands.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/console.h"

namespace glovebox::cli {
namespace {

// A `glovebox run` that is killed writes nothing any more, so that -f looks after it now and then.
constexpr int look_after_ms = 500;

struct LogsCommand {
    WorldOption world;
    std::optional<core::Cid> cid;
    bool follow = false;

    [[nodiscard]] int run() const {
        const UniqueFd directory = world.open();
        const auto record = find(directory.get());
        if (!record) {
            std::cerr << fmt::format(
                "glovebox: there is no console of {} in the world {}: `glovebox ps --all{}` lists "
                "what has run.{}\n",
                cid ? fmt::format("an enclave with CID {}", *cid) : "any enclave", world.path(),
                world.repeated(), worlds_elsewhere(world.world));
            return exit_failed;
        }
        if (record->isolation != "sandbox") {
            std::cerr << fmt::format(
                "glovebox: the enclave with CID {} has no console: with --isolation none the "
                "program writes where `glovebox run` would\n",
                record->cid);
            return exit_failed;
        }
        const UniqueFd file(::openat(directory.get(),
                                     enclave::console_file_name(record->cid).c_str(),
                                     O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file)
            throw ErrorException(errno_error("opening the console's file", errno));
        ::lseek(file.get(), enclave::first_kept_byte(file.get()), SEEK_SET);
        if (follow)
            return print_to_the_end(directory.get(), *record, file);
        print(file);
        print_log(directory.get(), *record);
        return exit_done;
    }

  private:
    // What `glovebox run --detach` would have written to the terminal.
    static void print_log(int directory, const enclave::EnclaveRecord& record) {
        if (const UniqueFd log(::openat(directory, enclave::log_file_name(record.cid).c_str(),
                                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            log)
            print(log, STDERR_FILENO);
    }

    // The one that was asked for, or the last one that was started.
    [[nodiscard]] std::optional<enclave::EnclaveRecord> find(int directory) const {
        std::optional<enclave::EnclaveRecord> found;
        if (directory >= 0)
            for (auto& record : enclave::read_records(directory))
                if (cid ? record.cid == *cid : !found || record.started > found->started)
                    found = std::move(record);
        return found;
    }

    static void print(const UniqueFd& file, int out = STDOUT_FILENO) {
        std::array<char, 65536> buffer{};
        for (ssize_t bytes = 0; (bytes = ::read(file.get(), buffer.data(), buffer.size())) > 0;)
            for (ssize_t done = 0; done < bytes;) {
                const ssize_t written =
                    ::write(out, buffer.data() + done, static_cast<std::size_t>(bytes - done));
                if (written < 0 && errno != EINTR)
                    throw ErrorException(errno_error(
                        out == STDOUT_FILENO ? "writing standard output" : "writing standard error",
                        errno));
                done += std::max<ssize_t>(written, 0);
            }
    }

    static int print_to_the_end(int directory, const enclave::EnclaveRecord& record,
                                const UniqueFd& file) {
        const UniqueFd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        const std::string folder = fmt::format("/proc/self/fd/{}", directory);
        if (!events || ::inotify_add_watch(events.get(), folder.c_str(),
                                           IN_MODIFY | IN_MOVED_TO | IN_DELETE) < 0)
            throw ErrorException(errno_error("watching the world's directory", errno));
        for (;;) {
            const auto end = end_of(directory, record);
            // After its end, all is there that there will be.
            print(file);
            if (end) {
                print_log(directory, record);
                std::cerr << fmt::format("The enclave with CID {} {}\n", record.cid, *end);
                return exit_done;
            }
            pollfd ready{events.get(), POLLIN, 0};
            ::poll(&ready, 1, look_after_ms);
            alignas(inotify_event) std::array<char, 4096> discarded{};
            while (::read(events.get(), discarded.data(), discarded.size()) > 0) {
            }
        }
    }

    // How this very enclave ended; nothing while it runs.
    static std::optional<std::string> end_of(int directory, const enclave::EnclaveRecord& record) {
        for (const auto& now : enclave::read_records(directory))
            if (now.cid == record.cid && now.process == record.process &&
                now.started == record.started)
                return now.ended ? std::optional(now.reason) : std::nullopt;
        return "has ended";
    }
};

}  // namespace

Command logs_command() {
    Option cid = enclave_cid("CID");
    cid.summary = "The enclave whose console is printed";
    cid.default_note = "the enclave that was started last";
    cid.completion = Completion::any_enclave;
    return {
        .name = "logs",
        .summary = "Print an enclave's console",
        .description = {"A console is kept until another enclave has its CID, or until "
                        "`glovebox clean`. Of more than 8 MiB only the end is kept."},
        .options = {{.name = "--follow",
                     .letter = 'f',
                     .kind = Kind::flag,
                     .summary = "Go on printing until the enclave ends"},
                    WorldOption::option()},
        .positionals = {cid},
        .examples = {{"Print the console of the enclave that was started last", "glovebox logs"},
                     {"Go on printing until its end", "glovebox logs -f"},
                     {"Print the console of the enclave with CID 16", "glovebox logs 16"}},
        .see_also = {"glovebox-ps(1)", "glovebox-run(1)"},
        .run = [](const Values& values) {
            return LogsCommand{WorldOption::of(values), values.find_number<core::Cid>("CID"),
                               values.flag("--follow")}
                .run();
        }};
}

}  // namespace glovebox::cli
