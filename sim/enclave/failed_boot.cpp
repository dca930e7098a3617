// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/failed_boot.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "sim/enclave/boot_heartbeat.h"

namespace glovebox::enclave {
namespace {

Result<void> write_console(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR)
            return errno_error("cannot write the console's file", errno);
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return {};
}

}  // namespace

Result<int> leave_failed_boot(transports::World& world, const Clock& clock,
                              const RunOptions& options, const FailedBoot& boot) {
    const auto reservation = options.reservation
                                 ? Result<std::shared_ptr<Reservation>>(options.reservation)
                                 : Reservation::make(world.directory(), options.cid);
    if (!reservation)
        return reservation.error();
    const core::Cid cid = (*reservation)->cid();
    if (!boot.has_sent_heartbeat)
        if (const auto heard = send_boot_heartbeat(world, cid, -1); !heard)
            return heard.error();
    const auto file = make_console_file(world.directory(), cid);
    if (!file)
        return file.error();
    if (const auto written = write_console(file->get(), boot.console_text); !written)
        return written.error();
    if (options.live_console)
        if (const auto written = write_console(STDOUT_FILENO, boot.console_text); !written)
            return written.error();
    EnclaveRecord record = options.record;
    record.cid = cid;
    name_own_process(record);
    record.isolation = "sandbox";
    record.started = unix_milliseconds(clock.now());
    if (const auto written = write_record(world.directory(), record); !written)
        return written.error();
    (*reservation)->begun();
    if (options.started)
        options.started(record);
    record.ended = unix_milliseconds(clock.now());
    record.exit_status = boot.exit_status;
    record.reason = boot.reason;
    if (const auto written = write_record(world.directory(), record); !written)
        return written.error();
    if (options.ended)
        options.ended(record, world.directory());
    return boot.exit_status;
}

}  // namespace glovebox::enclave
