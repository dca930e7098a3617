// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/image_loading.h"

#include <signal.h>
#include <unistd.h>

#include "sim/enclave/signal_relay.h"

namespace glovebox::nitro_cli {

ImageLoading::ImageLoading(transports::World& world, const Clock& clock,
                           std::shared_ptr<enclave::Reservation> reservation,
                           enclave::EnclaveRecord record, ReportedWork::Lines lines)
    : world_(world),
      clock_(clock),
      reservation_(std::move(reservation)),
      record_(std::move(record)),
      work_(record_.directory, lines, {enclave::power_off_signal}) {}

Result<std::unique_ptr<ImageLoading>> ImageLoading::begin(transports::World& world,
                                                          const Clock& clock,
                                                          std::optional<core::Cid> cid,
                                                          enclave::EnclaveRecord record,
                                                          ReportedWork::Lines lines) {
    auto reservation = enclave::Reservation::make(world.directory(), cid);
    if (!reservation)
        return reservation.error();
    record.cid = (*reservation)->cid();
    enclave::name_own_process(record);
    record.isolation = "sandbox";
    record.started = unix_milliseconds(clock.now());
    record.is_unpacking = true;
    // Signals are held back before anybody can find the enclave and stop it.
    std::unique_ptr<ImageLoading> loading(
        new ImageLoading(world, clock, std::move(*reservation), std::move(record), lines));
    if (const auto written = enclave::write_record(world.directory(), loading->record_); !written)
        return written.error();
    return loading;
}

Result<int> ImageLoading::stopped(
    const std::function<void(const enclave::EnclaveRecord&, int world)>& ended) {
    record_.is_unpacking = false;
    record_.ended = unix_milliseconds(clock_.now());
    record_.exit_status = 128 + SIGKILL;  // as of a program that loses its power
    record_.was_stopped = true;
    record_.reason = "was stopped while its image was unpacked";
    const int directory = world_.directory();
    if (const auto console = enclave::make_console_file(directory, record_.cid); !console)
        return console.error();
    if (const auto written = enclave::write_record(directory, record_); !written)
        return written.error();
    reservation_->begun();
    if (ended)
        ended(record_, directory);
    return record_.exit_status;
}

}  // namespace glovebox::nitro_cli
