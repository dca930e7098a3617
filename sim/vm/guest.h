// SPDX-License-Identifier: Apache-2.0

// One guest: a QEMU process that boots, runs a command and tells how it ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/scratch.h"
#include "core/base/unique_fd.h"
#include "sim/vm/console_text.h"
#include "sim/vm/guest_options.h"
#include "sim/vm/kernel.h"
#include "sim/vm/platform.h"

namespace glovebox::vm {

struct GuestLimits {
    std::chrono::milliseconds boot = std::chrono::seconds(90);  // until the command starts
    std::optional<std::chrono::milliseconds> command{};         // from then on
};

// Descriptors of this process; -1: nowhere.
struct GuestStreams {
    int input = -1;
    int output = -1;
    int errors = -1;
    int console = -1;  // the serial port's bytes, markers included
    // A line for each event: "qemu PID", "ready" when the command starts, "exit STATUS".
    int events = -1;
};

class Guest {
  public:
    // Starts QEMU. It ends with the calling thread, however that ends. Errors: a module or a file
    // is missing, QEMU cannot be started.
    [[nodiscard]] static Result<std::unique_ptr<Guest>> start(const GuestOptions& options,
                                                              const Kernel& kernel,
                                                              const Platform& platform,
                                                              Acceleration acceleration);
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    // Ends the guest, as a power cut would.
    ~Guest();

    // Copies the streams until the guest has ended, and returns its command's exit status. A guest
    // whose command has ended gets a moment to power off. `stop` is a descriptor: once it is
    // readable, the guest is ended and the error is ECANCELED. Other errors: the guest ended or
    // hung without giving a status, with the last lines of its console.
    [[nodiscard]] Result<int> run(const GuestLimits& limits, const GuestStreams& streams, int stop);

  private:
    Guest(Scratch work, std::string name, std::string token)
        : work_(std::move(work)), name_(std::move(name)), console_(std::move(token)) {}

    [[nodiscard]] Result<void> launch(const GuestOptions& options, const Kernel& kernel,
                                      const Platform& platform, Acceleration acceleration);
    [[nodiscard]] Error failure(const std::string& how);
    void take_console(std::string_view bytes, const GuestStreams& streams);
    void pass_input(const GuestStreams& streams, short events);
    // Copies what has come; closes the channel at its end.
    void pass_on(UniqueFd& channel, int to, const GuestStreams& streams);
    void end();

    Scratch work_;  // the initramfs and QEMU's own messages
    std::string name_;
    ConsoleText console_;
    UniqueFd console_channel_;
    UniqueFd output_channel_;
    UniqueFd errors_channel_;
    std::string pending_input_;
    bool input_has_ended_ = false;
    bool was_ready_ = false;
    pid_t process_ = 0;
};

}  // namespace glovebox::vm
