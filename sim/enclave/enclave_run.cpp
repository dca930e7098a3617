// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/enclave_run.h"

#include <filesystem>

#include "core/base/run_folder.h"
#include "sim/enclave/memory_advice.h"
#include "sim/enclave/nsm_session.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::enclave {
namespace {

// The folders that no enclave may see: the world, the other worlds, and the mock root's key.
std::vector<std::string> hidden_from(const EnclaveRun& run) {
    std::vector<std::string> hidden{world_path(run.world).value(), run_folder()};
    if (const auto pki = run.nsm.pki_directory())
        hidden.push_back(std::filesystem::absolute(*pki).lexically_normal().string());
    return hidden;
}

// A missing program has no measurement. As on Nitro, the enclave boots nevertheless, and then
// cannot start it.
void measure(ModuleSettings& nsm, const MeasuredCommand& command) {
    if (!nsm.program.empty())
        return;
    nsm.program = command.program;
    nsm.script = command.script;
    nsm.script_folder = command.script_folder;
}

// Said before the program fails in words of its own.
void warn_of_memory(const EnclaveRun& run, const std::string& program, Log& log) {
    if (!run.room.memory_mib)
        return;
    const auto advice =
        advise_on_memory(find_runtime(program), std::uint64_t{*run.room.memory_mib} << 20);
    if (advice)
        log.warning("too_little_memory", "{}", *advice);
}

}  // namespace

int EnclaveRun::run(Log& log, const TellFailure& tell) const {
    RootReading root(nsm);
    ProgramRun program{.world = world};
    RunOptions& options = program.options;
    ModuleSettings measured = nsm;
    std::optional<Console> console;
    options.program.arguments = arguments;
    options.trace = trace;
    options.trace_connections = trace_connections;
    options.trace_traffic = trace_traffic;
    options.kernel_vsock = kernel_vsock;
    options.cid = cid;
    options.live_console = live_console;
    // Where the program has no sandbox.
    const auto with_own = [&](std::vector<std::string> variables) {
        for (std::string& variable : room.variables().value())
            variables.push_back(std::move(variable));
        if (room.memory_mib || room.cpu_count)
            log.warning("not_held", "--memory and --cpus are not held with --isolation none");
        return variables;
    };
    if (room.is_none()) {
        options.program.extra_environment = with_own(trust.variables(world).value());
        measure(measured, measure_on_host(arguments));
    } else {
        options.console = &console.emplace();
        const RoomRequest request = RoomRequest::make(room, arguments, hidden_from(*this),
                                                      console->path(), trust.of_room(world).value())
                                        .value();
        options.room = request.plan().value();
        options.room_is_a_wish = room.is_a_wish() && !must_have_room;
        options.variables_without_room = [&] {
            return with_own(trust.variables_without_room(world).value());
        };
        options.shortfalls = LogLevel::warning;
        program.hint_when_missing = request.explain_missing_program();
        const MeasuredCommand command = request.measured();
        warn_of_memory(*this, command.program, log);
        measure(measured, command);
    }
    options.record.command = arguments;
    options.record.directory = room.root_fs;
    options.record.debug = nsm.debug;
    if (room.memory_mib)
        options.record.memory_bytes = std::uint64_t{*room.memory_mib} << 20;
    options.record.cpu_count = room.cpu_count;
    options.started = started;
    options.readiness = readiness;
    options.ended = ended;
    const auto module = start_nsm_session(measured, root, log).value();
    options.nsm = &module->device();
    options.module_clock = module->clock();
    return program.run(log, tell);
}

}  // namespace glovebox::enclave
