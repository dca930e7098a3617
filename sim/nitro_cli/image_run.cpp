// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/image_run.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <boost/system/system_category.hpp>
#include <cstdlib>
#include <iostream>

#include "core/base/clock.h"
#include "nsm-mock/module/nsm_client.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/unpack/unpack_cache.h"
#include "sim/enclave/exit_status.h"
#include "sim/enclave/failed_boot.h"
#include "sim/enclave/missing_interpreter.h"
#include "sim/enclave/nsm_session.h"
#include "sim/enclave/signal_relay.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/image_loading.h"
#include "sim/nitro_cli/run_arguments.h"
#include "sim/sandbox/init_plan.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/root_fs_plan.h"
#include "transports/world.h"

namespace glovebox::nitro_cli {
namespace {

std::string variable_or_empty(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// x86_64, aarch64.
std::string machine_name() {
    utsname names{};
    ::uname(&names);
    return names.machine;
}

// PCR0 to PCR2 are the image's, and PCR8 its certificate's.
void measure(const eif::Measurements& pcrs, enclave::ModuleSettings& nsm, Log& log) {
    nsm.pcrs[0] = to_hex(pcrs.pcr0);
    nsm.pcrs[1] = to_hex(pcrs.pcr1);
    nsm.pcrs[2] = to_hex(pcrs.pcr2);
    nsm.pcrs[8] = pcrs.pcr8 ? to_hex(*pcrs.pcr8) : "";
    // As the module has them, with zeros in debug mode.
    const auto value = [&](const Pcr& pcr) { return to_hex(nsm.debug ? Pcr{} : pcr); };
    log.info("measured", "PCR0 {}", field("pcr0", value(pcrs.pcr0)),
             field("pcr1", value(pcrs.pcr1)), field("pcr2", value(pcrs.pcr2)),
             field("pcr8", nsm.pcrs[8]));
}

boost::json::object metadata_of(const eif::Description& description) {
    boost::json::object metadata;
    const boost::json::object& all = description.json.get_object();
    for (const char* key : {"ImageName", "ImageVersion", "Metadata"})
        if (const boost::json::value* value = all.if_contains(key))
            metadata[key] = *value;
    return metadata;
}

std::string record_text(EnclaveDetails details, const eif::Description& image,
                        nsm::NsmDevice& module) {
    details.id = enclave_id_of(nsm::NsmClient(module).describe_nsm().value().module_id);
    details.measurements = eif::measurements_json(image.pcrs);
    details.metadata = metadata_of(image);
    return details.to_text();
}

void say(std::string_view sentence) {
    std::cerr << "glovebox: " << sentence << std::endl;
}

std::string hint_of(const sandbox::RootFsRequest& request) {
    const std::string search_path(sandbox::aws_init_search_path);
    if (const std::string there = sandbox::find_in_image_path(request); !there.empty())
        return fmt::format("AWS's init looks in {} alone, not in the PATH of the image: write {}",
                           search_path, there);
    return enclave::explain_missing_interpreter(
        request.directory,
        enclave::program_paths(request.command.empty() ? "sh" : request.command.front(),
                               search_path),
        "in the image");
}

sandbox::EnclaveResources resources_of(const ImageRun& run,
                                       std::optional<sandbox::TrustedAuthority> authority,
                                       const enclave::Console& console) {
    sandbox::EnclaveResources resources;
    if (run.memory_mib)
        resources.memory_bytes = *run.memory_mib << 20;
    resources.cpu_count = run.cpu_count;
    resources.console_path = console.path();
    resources.authority = std::move(authority);
    return resources;
}

sandbox::SandboxPlan init_plan_of(const enclave::InitStart& start, const ImageRun& run,
                                  std::optional<sandbox::TrustedAuthority> authority,
                                  const enclave::Console& console) {
    const sandbox::InitRequest request{
        .directory = start.root.string(),
        .init = start.command.front(),
        .environment = start.environment,
        .resources = resources_of(run, std::move(authority), console)};
    return sandbox::make_init_plan(
        request, sandbox::read_init_facts(request.directory),
        sandbox::read_machine(variable_or_empty("HOME"), variable_or_empty("SUDO_UID")));
}

sandbox::RootFsRequest request_of(const enclave::InitStart& start, const ImageRun& run,
                                  std::optional<sandbox::TrustedAuthority> authority,
                                  const enclave::Console& console) {
    sandbox::RootFsRequest request;
    request.directory = start.root.string();
    request.command = start.command;
    request.environment = start.environment;
    request.as_nitro_cli_builds = false;
    request.resources = resources_of(run, std::move(authority), console);
    return request;
}

}  // namespace

Result<enclave::BootImage> ImageRun::open(const std::string& eif,
                                          std::optional<std::uint64_t> memory_mib) {
    auto image = enclave::BootImage::open(eif);
    if (!image) {
        if (image.error().code.category() == boost::system::generic_category() ||
            image.error().code.category() == boost::system::system_category())
            return file_error(image.error().message, eif, "Open");
        return nitro_error(NitroError::eif_parsing, image.error().message);
    }
    if (memory_mib) {
        if (const auto enough = check_memory(*memory_mib, image->size()); !enough)
            return enough.error();
        if (const auto enough = check_driver_memory(*memory_mib); !enough)
            return enough.error();
    }
    return image;
}

// What the image runs, measured and unpacked.
ImageRun::Loaded ImageRun::load(const enclave::BootImage& image, enclave::ModuleSettings nsm,
                                Progress& progress, Log& log) const {
    const SystemClock clock;
    const auto folder =
        eif::UnpackCache::default_folder(std::getenv("XDG_CACHE_HOME"), std::getenv("HOME"))
            .value();
    const eif::MeasuredFiles measured(folder.parent_path() / "measured", clock);
    const auto verdict = image.examine(measured, clock.now(), machine_name(), progress);
    if (!verdict)
        throw ErrorException(nitro_error(NitroError::eif_parsing, verdict.error().message));
    for (const std::string& remark : verdict->description.remarks)
        say("note: " + remark);
    // On Nitro it boots, and ends at the first describe-enclaves, whose reader it is.
    if (const auto* unread = image.image().first(eif::Finding::Effect::aws_tools_refuse))
        throw ErrorException(nitro_error(NitroError::eif_parsing, unread->sentence));
    if (!verdict->signature_refusal.empty())
        throw ErrorException(
            nitro_error(NitroError::signature_checker, verdict->signature_refusal));
    if (!verdict->refusal.empty())
        throw ErrorException(nitro_error(NitroError::enclave_boot, verdict->refusal));
    const eif::Measurements& pcrs = verdict->description.pcrs;
    measure(pcrs, nsm, log);
    Loaded loaded;
    loaded.module = enclave::open_nsm_session("mock", "", nsm, log).value();
    loaded.start = image
                       .start(eif::UnpackCache(folder), measured, pcrs.pcr0,
                              memory_mib.value_or(0) << 20, progress)
                       .value();
    loaded.details = record_text(details, verdict->description, loaded.module->device());
    return loaded;
}

int ImageRun::run(const enclave::BootImage& image, const enclave::ModuleSettings& nsm,
                  Log& log) const {
    const auto at = transports::World::open(transports::World::choose_name(world)).value();
    auto authority = trust.of_room(world).value();
    const SystemClock clock;
    enclave::RunOptions options;
    options.live_console = live_console;
    options.trace = trace;
    options.trace_connections = trace_connections;
    options.trace_traffic = trace_traffic;
    options.kernel_vsock = kernel_vsock;
    options.started = started;
    options.ended = ended;
    options.readiness = readiness;
    options.record.directory = eif;
    options.record.debug = nsm.debug;
    if (memory_mib)
        options.record.memory_bytes = *memory_mib << 20;
    options.record.cpu_count = cpu_count;

    Loaded loaded;
    {
        const auto loading = ImageLoading::begin(*at, clock, cid, options.record, progress).value();
        options.reservation = loading->reservation();
        try {
            loaded = load(image, nsm, loading->progress(), log);
        } catch (const Interrupted& interrupted) {
            if (interrupted.signal != enclave::power_off_signal)
                throw;
            return loading->stopped(ended).value();
        }
    }
    const enclave::InitStart& start = loaded.start;
    if (start.never_boots)
        throw ErrorException(nitro_error(NitroError::enclave_boot, start.cause));
    if (kernel_vsock && start.is_own_init)
        throw ErrorException(nitro_error(
            NitroError::enclave_boot,
            "the image's init is not AWS's, and sends its heartbeat itself: with the kernel's "
            "AF_VSOCK nobody answers it. Run the image without --kernel-vsock (glovebox up: "
            "without --target vm)"));
    options.nsm = &loaded.module->device();
    options.module_clock = loaded.module->clock();
    options.record.command = start.command;
    options.record.details = loaded.details;
    const auto fail = [&](const std::string& sentence) { tell ? tell(sentence) : say(sentence); };
    if (start.has_failed()) {
        fail("init ends before the program: " + start.cause);
        return enclave::leave_failed_boot(
                   *at, clock, options, {start.panic, "did not start, since init ended before it"})
            .value();
    }
    enclave::Console console;
    options.console = &console;
    if (start.is_own_init) {
        options.room = init_plan_of(start, *this, std::move(authority), console);
        return run_init(*at, std::move(options), image.size(), start.root.string(), log);
    }
    const sandbox::RootFsRequest request = request_of(start, *this, std::move(authority), console);
    options.room = sandbox::make_root_fs_plan(request, sandbox::read_root_fs(request.directory),
                                              sandbox::read_machine(variable_or_empty("HOME"),
                                                                    variable_or_empty("SUDO_UID")))
                       .value();
    Result<int> status = 0;
    {
        enclave::Session session(*at, clock, log);
        status = session.run(options);
    }
    if (status)
        return *status;
    const auto& code = status.error().code;
    const bool is_absent = code == boost::system::errc::no_such_file_or_directory;
    if (!is_absent && code != boost::system::errc::permission_denied)
        throw ErrorException(status.error());
    fail(Error(status.error()).with_advice(hint_of(request)).message);
    const enclave::FailedBoot boot{
        status.error().message + "\nchild exited with error\n",
        "could not be executed: " + status.error().message,
        is_absent ? enclave::exit_not_found : enclave::exit_not_executable, true};
    return enclave::leave_failed_boot(*at, clock, options, boot).value();
}

// AWS's wait for the heartbeat: for each 6 GiB of image and each 100 GiB of memory.
std::chrono::seconds ImageRun::heartbeat_limit(std::uint64_t image_bytes) const {
    constexpr std::uint64_t gib = 1 << 30;
    constexpr std::chrono::seconds share(90);
    const std::uint64_t memory_bytes = memory_mib.value_or(0) << 20;
    return share * (std::max<std::uint64_t>((image_bytes + 6 * gib - 1) / (6 * gib), 1) +
                    std::max<std::uint64_t>((memory_bytes + 100 * gib - 1) / (100 * gib), 1));
}

int ImageRun::run_init(transports::World& at, enclave::RunOptions options,
                       std::uint64_t image_bytes, const std::string& root, Log& log) const {
    // A program of the user's that has the port answers in nitro-cli's place.
    Result<std::unique_ptr<HeartbeatListener>> own = std::unique_ptr<HeartbeatListener>();
    if (heartbeat == nullptr)
        own = HeartbeatListener::open(at);
    const HeartbeatListener* listener = heartbeat != nullptr ? heartbeat
                                        : own                ? own->get()
                                                             : nullptr;
    options.heartbeat.answered = listener == nullptr ? -1 : listener->answered();
    options.heartbeat.limit = heartbeat_limit(image_bytes);
    bool has_booted = false;
    options.started = [&](const enclave::EnclaveRecord& record) {
        has_booted = true;
        if (started)
            started(record);
    };
    const std::string path = options.room->arguments.front();
    const SystemClock clock;
    enclave::Session session(at, clock, log);
    const auto status = session.run(options);
    if (status)
        return *status;
    if (has_booted)
        throw ErrorException(status.error());
    const bool is_refused = status.error().code.category() == boost::system::system_category() &&
                            status.error().message.starts_with(path + ": ");
    if (!is_refused)
        throw ErrorException(nitro_error(NitroError::enclave_boot, status.error().message));
    throw ErrorException(nitro_error(
        NitroError::enclave_boot,
        fmt::format(
            "the kernel could not execute the image's init: Failed to execute {} (error "
            "-{}): {}",
            path, status.error().code.value(),
            Error(status.error())
                .with_advice(enclave::explain_missing_interpreter(root, {path}, "in the image"))
                .message)));
}

}  // namespace glovebox::nitro_cli
