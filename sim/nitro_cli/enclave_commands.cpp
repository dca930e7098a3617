// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/enclave_commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "core/base/clock.h"
#include "core/base/workflow_commands.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/format/header.h"
#include "sim/eif/report/describe.h"
#include "sim/enclave/console_reader.h"
#include "sim/enclave/exit_status.h"
#include "sim/enclave/world_directory.h"
#include "sim/nitro_cli/cpu_pool.h"
#include "sim/nitro_cli/enclave_list.h"
#include "sim/nitro_cli/environment.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/heartbeat_listener.h"
#include "sim/nitro_cli/image_run.h"

namespace glovebox::nitro_cli {
namespace {

// AWS's limit; the driver refuses the fifth.
constexpr std::size_t enclaves_max = 4;

void print(const boost::json::value& json) {
    std::cout << eif::pretty_json(json) << std::endl;
}

EnclaveList enclaves() {
    const UniqueFd world = enclave::open_world("").value();
    return EnclaveList::read(world.get());
}

Result<KnownEnclave> find(const EnclaveChoice& choice, bool ended_too) {
    const EnclaveList list = enclaves();
    auto found =
        choice.is_by_id ? list.by_id(choice.id, ended_too) : list.by_name(choice.name, ended_too);
    return found ? std::move(found)
                 : Error(found.error().code, found.error().message + enclave::worlds_elsewhere(""));
}

// On an instance everybody sees every enclave; here each user has worlds of their own. A script
// would take the empty list for an enclave that has ended.
void explain_empty_list() {
    if (const std::string elsewhere = enclave::worlds_elsewhere(""); !elsewhere.empty())
        std::cerr << "glovebox: note: no enclave runs in this user's world "
                  << enclave::world_path("").value() << "." << elsewhere << std::endl;
}

// --- the resources of an enclave ---

Result<std::vector<std::uint32_t>> choose_from_pool(const RunArguments& arguments,
                                                    const std::vector<KnownEnclave>& running,
                                                    eif::Architecture architecture) {
    const char* given = variable("GLOVEBOX_CPU_POOL");
    const auto pool = parse_cpu_list(given ? given : default_cpu_pool);
    if (!pool)
        return pool.error();
    std::vector<std::uint32_t> in_use;
    for (const auto& enclave : running)
        in_use.insert(in_use.end(), enclave.details.cpu_ids.begin(), enclave.details.cpu_ids.end());
    return choose_cpus({.ids = arguments.cpu_ids,
                        .count = arguments.cpu_count,
                        .whole_cores = architecture == eif::Architecture::x86_64},
                       *pool, in_use);
}

// GLOVEBOX_MEMORY_POOL, in MiB, is the memory that the instance has set aside for enclaves; without
// it there is no limit.
Result<void> check_memory_pool(std::uint64_t wanted, const std::vector<KnownEnclave>& running) {
    const char* given = variable("GLOVEBOX_MEMORY_POOL");
    if (given == nullptr)
        return {};
    const auto pool = parse_memory(given);
    if (!pool)
        return pool.error();
    std::uint64_t in_use = 0;
    for (const auto& enclave : running)
        in_use += enclave.record.memory_bytes.value_or(0) >> 20;
    if (wanted > *pool - std::min(*pool, in_use))
        return nitro_error(
            NitroError::insufficient_memory_available,
            fmt::format("User provided `memory` is {} MB, which is more than the available "
                        "hugepage memory.\nGLOVEBOX_MEMORY_POOL is {} MiB, and {} MiB are in use.",
                        wanted, *pool, in_use));
    return {};
}

Result<void> check_driver_rules(const RunArguments& arguments,
                                const std::vector<KnownEnclave>& running) {
    if (running.size() >= enclaves_max)
        return nitro_error(
            NitroError::ioctl_failure,
            fmt::format("{} enclaves run, and an instance has no more", running.size()));
    if (const auto enough = check_driver_memory(arguments.memory_mib); !enough)
        return enough.error();
    // For arguments from a file, this is the first check.
    const std::uint64_t cid = arguments.enclave_cid.value_or(0);
    if (cid != 0 && (cid < 4 || cid >= 0xffffffff))
        return nitro_error(NitroError::ioctl_failure,
                           fmt::format("No enclave can have CID {}", cid));
    for (const auto& enclave : running)
        if (cid == enclave.record.cid)
            return nitro_error(NitroError::ioctl_failure,
                               fmt::format("CID {} is in use by another enclave", cid));
    return {};
}

// E59 for a signature that does not verify, and for a file that is too short to contain one.
Result<void> refuse_signature(const Result<enclave::BootImage>& image, std::uint64_t size) {
    if (size < eif::header_size)
        return nitro_error(NitroError::signature_checker,
                           fmt::format("The file has {} bytes, and the header of an enclave image "
                                       "alone has {}",
                                       size, eif::header_size));
    if (!image)
        return {};  // reported after the allocation of memory
    const auto refusal = image->signature_refusal(SystemClock().now());
    if (!refusal)
        return nitro_error(NitroError::eif_parsing, refusal.error().message);
    return refusal->empty() ? Result<void>() : nitro_error(NitroError::signature_checker, *refusal);
}

// --- the enclave's process ---

class EnclaveProcess {
  public:
    EnclaveProcess(const RunArguments& arguments, UniqueFd channel)
        : arguments_(arguments), channel_(std::move(channel)) {}

    // Runs until the enclave ends.
    [[nodiscard]] Result<void> run() {
        // In AWS's order: an image that cannot be read is reported after the other mistakes.
        const auto image = ImageRun::open(arguments_.eif_path, std::nullopt);
        if (!image && image.error().code == NitroError::file_operation)
            return image.error();
        const auto running = enclaves().running();
        const auto cpus = choose_from_pool(
            arguments_, running,
            image ? image->image().header().architecture() : eif::Architecture::x86_64);
        if (!cpus)
            return cpus.error();
        std::error_code code;
        const std::uint64_t size =
            image ? image->size() : std::filesystem::file_size(arguments_.eif_path, code);
        if (const auto enough = check_memory(arguments_.memory_mib, size); !enough)
            return enough.error();
        if (const auto allowed = check_driver_rules(arguments_, running); !allowed)
            return allowed.error();
        if (const auto refusal = refuse_signature(image, size); !refusal)
            return refusal.error();
        std::cerr << "Start allocating memory..." << std::endl;
        if (const auto there = check_memory_pool(arguments_.memory_mib, running); !there)
            return there.error();
        if (!image)
            return image.error();
        auto world = transports::World::open(transports::World::choose_name(""));
        if (!world)
            return world.error();
        world_ = std::move(*world);
        auto heartbeat = HeartbeatListener::open(*world_);
        if (!heartbeat)
            return heartbeat.error();
        heartbeat_ = std::move(*heartbeat);

        details_.name = name(running);
        details_.cpu_ids = *cpus;
        details_.memory_mib = arguments_.memory_mib;
        ImageRun run;
        run.eif = arguments_.eif_path;
        if (arguments_.enclave_cid.value_or(0) != 0)
            run.cid = static_cast<core::Cid>(*arguments_.enclave_cid);
        run.memory_mib = arguments_.memory_mib;
        run.progress = ReportedWork::Lines::on_terminals;
        run.cpu_count = static_cast<unsigned>(cpus->size());
        run.details = details_;
        run.heartbeat = heartbeat_.get();
        run.started = [this](const enclave::EnclaveRecord& record) { say_started(record); };
        enclave::ModuleSettings nsm;
        nsm.debug = arguments_.debug_mode;
        LogOptions log_options;
        log_options.component = "nitro-cli";
        log_options.level = LogLevel::warning;
        log_options.is_workflow_step = is_workflow_step();
        const auto log = make_log(log_options);
        static_cast<void>(run.run(*image, nsm, *log));
        return {};
    }

  private:
    [[nodiscard]] std::string name(const std::vector<KnownEnclave>& running) const {
        std::vector<std::string> taken;
        for (const auto& enclave : running)
            taken.push_back(enclave.details.name);
        return free_name(arguments_.enclave_name.value_or(default_name(arguments_.eif_path)),
                         taken);
    }

    // From here on this process has no terminal, and its messages go to the file that `glovebox
    // logs` prints after the console.
    void say_started(const enclave::EnclaveRecord& record) {
        heartbeat_.reset();
        std::cerr << fmt::format(
                         "Started enclave with enclave-cid: {}, memory: {} MiB, cpu-ids: [{}]",
                         record.cid, details_.memory_mib, fmt::join(details_.cpu_ids, ", "))
                  << std::endl;
        const std::string text = enclave::to_json(record);
        static_cast<void>(::send(channel_.get(), text.data(), text.size(), MSG_NOSIGNAL));
        channel_.reset();
        const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
            ::dup2(nowhere.get(), fd);
        const auto log = enclave::make_log_file(world_->directory(), record.cid);
        ::dup2(log ? log->get() : nowhere.get(), STDERR_FILENO);
    }

    const RunArguments& arguments_;
    UniqueFd channel_;
    EnclaveDetails details_;
    std::unique_ptr<transports::World> world_;  // outlives the listener
    std::unique_ptr<HeartbeatListener> heartbeat_;
};

// Never returns to the command: the end of this process is the enclave's.
[[noreturn]] void be_enclave_process(const RunArguments& arguments, UniqueFd channel) {
    ::setsid();
    int status = 0;
    try {
        if (const auto done = EnclaveProcess(arguments, std::move(channel)).run(); !done)
            throw ErrorException(done.error());
    } catch (const Interrupted& interrupted) {
        end_by_signal(interrupted.signal);
    } catch (const ErrorException& failed) {
        std::cerr << text_of(failed.error(), "") << std::flush;
        status = exit_status_of(failed.error());
    } catch (const std::exception& failed) {
        std::cerr << "glovebox: " << failed.what() << std::endl;
        status = 1;
    }
    ::_exit(status);
}

// Waits for the enclave's record, which it sends when it has started; empty if its process failed
// before.
std::optional<enclave::EnclaveRecord> wait_for_start(int channel) {
    std::string text(1 << 20, '\0');
    ssize_t got = 0;
    while ((got = ::recv(channel, text.data(), text.size(), 0)) < 0 && errno == EINTR) {
    }
    if (got <= 0)
        return std::nullopt;
    auto record =
        enclave::parse_record(std::string_view(text).substr(0, static_cast<std::size_t>(got)));
    return record ? std::optional(std::move(*record)) : std::nullopt;
}

Result<void> copy(const enclave::EnclaveRecord& record,
                  std::optional<std::chrono::milliseconds> limit) {
    std::cout << fmt::format("Connecting to the console for enclave {}...\n", record.cid)
              << "Successfully connected to the console." << std::endl;
    const UniqueFd world = enclave::open_world("").value();
    if (const auto copied = enclave::copy_console(world.get(), record, STDOUT_FILENO, limit);
        !copied)
        return nitro_error(NitroError::console_read, copied.error().message);
    return {};
}

}  // namespace

Result<void> run_enclave(const RunArguments& arguments) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return nitro_error(NitroError::process_spawn, errno_error("socketpair", errno).message);
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return nitro_error(NitroError::process_spawn, errno_error("fork", errno).message);
    if (child == 0)
        be_enclave_process(arguments, std::move(theirs));
    theirs.reset();
    const auto record = wait_for_start(ours.get());
    if (!record) {
        // Its own messages come first.
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
        std::cerr << "Failed connections: 1" << std::endl;
        return nitro_error(NitroError::connection_failure, "Failed to execute command `Run`");
    }
    print(EnclaveDetails::of(*record).run_json());
    return arguments.attach_console ? copy(*record, std::nullopt) : Result<void>();
}

Result<void> describe_enclaves(bool with_metadata) {
    const EnclaveList list = enclaves();
    print(list.describe(with_metadata));
    if (list.running().empty())
        explain_empty_list();
    return {};
}

Result<void> terminate_enclave(const EnclaveChoice& choice) {
    const auto found = find(choice, false);
    if (!found)
        return found.error();
    const auto done = terminate(*found, std::cerr);
    if (!done)
        return done.error();
    print(*done);
    return {};
}

Result<void> terminate_all_enclaves() {
    boost::json::array ended;
    std::optional<Error> failed;
    const std::vector<KnownEnclave> running = enclaves().running();
    if (running.empty())
        explain_empty_list();
    for (const KnownEnclave& enclave : running)
        if (auto done = terminate(enclave, std::cerr))
            ended.push_back(std::move(*done));
        else
            failed = done.error();
    print(ended);
    return failed ? Result<void>(*failed) : Result<void>();
}

Result<void> show_console(const EnclaveChoice& choice, std::optional<std::chrono::seconds> limit) {
    const auto found = find(choice, true);
    if (!found)
        return found.error();
    if (!found->details.debug)
        return nitro_error(NitroError::console_connection,
                           "The enclave was not started in debug mode: on Nitro it has no console. "
                           "`glovebox logs` shows what it wrote.");
    return copy(found->record, limit);
}

}  // namespace glovebox::nitro_cli
