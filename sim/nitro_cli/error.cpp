// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/error.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

namespace glovebox::nitro_cli {
namespace {

struct Entry {
    std::string_view lead;
    std::string_view explanation;
};

// By number. The explanations hold for this simulation as well as for an instance.
constexpr std::array<Entry, 61> entries{{
    {"Unspecified error.", "Something failed that has no code of its own."},
    {"Missing mandatory argument.", "An argument that this command needs was not given."},
    {"Conflicting arguments.", "Two arguments were given that exclude each other."},
    {"Invalid argument provided.",
     "An argument's value has not the form that is expected, for "
     "example a number with an unknown unit, or a CID below 4."},
    {"Socket pair creation failure.",
     "The command could not make its channel to the enclave's "
     "process: is the limit of open files reached?"},
    {"Process spawn failure.", "The enclave's process could not be started."},
    {"Daemonize process failure.", "The enclave's process could not leave the terminal."},
    {"Read from disk failure.",
     "The directory of the enclaves' sockets could not be read: "
     "NITRO_CLI_SOCKETS_PATH names another one."},
    {"Unusable connection error.", "A connection to an enclave's process broke."},
    {"Socket close error.", "A socket could not be closed."},
    {"Socket connect set timeout error.",
     "The time limit for connecting to a console could not "
     "be set."},
    {"Socket error.",
     "No enclave has this id, or its process can't be reached: describe-enclaves "
     "lists those that run."},
    {"Epoll error.", "Waiting for events failed."},
    {"Inotify error.", "Watching the socket's file failed."},
    {"Invalid command.", "The enclave's process got a command that it does not know."},
    {"Lock acquire failure.", "A lock was poisoned by a failed thread."},
    {"Thread join failure.", "A thread could not be waited for."},
    {"Serde error.",
     "JSON could not be read or written: a --config file that is no such JSON, "
     "a missing required key, a value of the wrong type."},
    {"File permissions error.", "A file's permissions could not be set."},
    {"File operation failure.",
     "A file could not be opened, read or written; the second line "
     "names it."},
    {"Invalid CPU configuration.", "A CPU is listed twice in cpu-ids."},
    {"No such CPU available in the pool.",
     "A CPU of cpu-ids is not in the pool that is set aside "
     "for enclaves."},
    {"Insufficient CPUs available in the pool.", "More CPUs are asked for than the pool has."},
    {"Malformed CPU ID error.", "The pool of CPUs has an entry that is not a number."},
    {"CPU error.", "The pool of CPUs has a malformed range."},
    {"No such hugepage flag error.", "This size of huge pages does not exist."},
    {"Insufficient memory requested.",
     "An enclave needs four times its image's size and 64 MiB at "
     "least: the image lies in memory, and is unpacked there."},
    {"Insufficient memory available.",
     "More memory is asked for than is set aside for enclaves "
     "and free."},
    {"Invalid enclave descriptor.", "The driver gave no enclave."},
    {"Ioctl failure.",
     "The driver refused: CPUs or a CID that another enclave has, less than 64 "
     "MiB, half a core."},
    {"Ioctl image get load info failure.", "The driver did not say where the image goes."},
    {"Ioctl set memory region failure.", "The driver did not take the memory."},
    {"Ioctl add vCPU failure.", "The driver did not take a CPU."},
    {"Ioctl start enclave failure.", "The driver did not start the enclave."},
    {"Memory overflow.", "The image reaches beyond the enclave's memory."},
    {"EIF file parsing error.",
     "The image file can't be read, or is not an enclave image: `glovebox "
     "eif describe` names section and offset."},
    {"Enclave boot failure.",
     "The enclave did not send its heartbeat, or port 9000 of the parent "
     "is taken, for instance by another enclave that boots just now."},
    {"Enclave event wait error.", "Waiting for the enclave's end failed."},
    {"Enclave process command not executed error.",
     "The enclave's process did not carry out a "
     "command."},
    {"Enclave process connection failure.",
     "The enclave's process failed or did not answer; what "
     "is printed above it says why."},
    {"Socket path not found.", "An enclave's socket is not where it is expected."},
    {"Enclave process send reply failure.", "The enclave's process could not answer."},
    {"Enclave mmap error.", "Memory for the enclave could not be mapped."},
    {"Enclave munmap error.", "The enclave's memory could not be released."},
    {"Enclave console connection failure.",
     "The console can't be reached: the enclave does not "
     "run in debug mode."},
    {"Enclave console read error.", "Reading the console failed."},
    {"Enclave console write output error.", "The console's output could not be written."},
    {"Integer parsing error.", "A number does not fit."},
    {"EIF building error.",
     "The image could not be built: the kernel, init, the Docker daemon, "
     "the archive, metadata or the signing key, as the text says."},
    {"Docker image build error.", "docker build failed."},
    {"Docker image pull error.", "docker pull failed: is the name right, are you logged in?"},
    {"Artifacts path environment variable not set.",
     "Neither HOME nor NITRO_CLI_ARTIFACTS is "
     "set."},
    {"Blobs path environment variable not set.", "NITRO_CLI_BLOBS is not set."},
    {"Clock skew error.", "The clock went backwards."},
    {"Signal masking error.", "Signals could not be blocked."},
    {"Signal unmasking error.", "Signals could not be unblocked."},
    {"Logger error.", "The log could not be started."},
    {"Hasher error.", ""},
    {"Naming error.", ""},
    {"EIF signature checker error.", ""},
    {"Signing error.",
     "A private key and its certificate are needed, both readable, in PEM, and "
     "of one another."},
}};

// Boost's category has no public virtual destructor; nothing is deleted through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class NitroCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "glovebox.nitro-cli"; }
    [[nodiscard]] std::string message(int value) const override {
        return std::string(lead_of(value));
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& nitro_category() {
    static const NitroCategory category;
    return category;
}

boost::system::error_code make_error_code(NitroError error) {
    return {static_cast<int>(error), nitro_category()};
}

std::string_view lead_of(int number) {
    const auto index = static_cast<std::size_t>(number);
    return number >= 0 && index < entries.size() ? entries[index].lead : std::string_view();
}

Error nitro_error(NitroError code, std::string_view detail) {
    std::string text(lead_of(static_cast<int>(code)));
    if (!detail.empty())
        text.append(" ").append(detail);
    return {code, std::move(text)};
}

Error file_error(std::string_view reason, std::string_view path, std::string_view operation) {
    return nitro_error(
        NitroError::file_operation,
        fmt::format("{}\nFile: '{}', failing operation: '{}'.", reason, path, operation));
}

std::string explanation_of(std::string_view code) {
    const auto unknown = [code] { return fmt::format("No such error code {}", code); };
    if (code.size() != 3 || code[0] != 'E')
        return unknown();
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(code.data() + 1, code.data() + 3, number);
    if (error != std::errc() || end != code.data() + 3 || number >= entries.size() ||
        entries[number].explanation.empty())
        return unknown();
    return fmt::format("{} {}", entries[number].lead, entries[number].explanation);
}

int exit_status_of(const Error& error) {
    return error.code.category() == nitro_category() ? error.code.value() : 1;
}

std::string text_of(const Error& error, std::string_view report_path) {
    if (error.code.category() != nitro_category())
        return fmt::format("glovebox: {}\n", error.message);
    std::string text = fmt::format(
        "[ E{:02} ] {}\n\nFor more details, please visit "
        "https://docs.aws.amazon.com/enclaves/latest/user/cli-errors.html#E{:02}\n",
        error.code.value(), error.message, error.code.value());
    if (!report_path.empty())
        text += fmt::format(
            "\nIf you open a support ticket, please provide the error log found at \"{}\"\n",
            report_path);
    return text;
}

}  // namespace glovebox::nitro_cli
