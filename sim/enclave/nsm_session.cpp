// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/nsm_session.h"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>

#include "core/base/signals_blocked.h"
#include "nsm-mock/module/deferred_nsm.h"
#include "nsm-mock/module/hardware_nsm.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/enclave/nsm_state.h"

namespace glovebox::enclave {
namespace {

class HardwareSession final : public NsmSession {
  public:
    HardwareSession(std::string path, std::unique_ptr<nsm::HardwareNsm> device)
        : path_(std::move(path)), device_(std::move(device)) {}

    [[nodiscard]] nsm::NsmDevice& device() override { return *device_; }
    [[nodiscard]] std::string name() const override { return path_; }
    [[nodiscard]] Result<void> save() override { return {}; }

  private:
    std::string path_;
    std::unique_ptr<nsm::HardwareNsm> device_;
};

class MockSession final : public NsmSession {
  public:
    MockSession(const nsm::CaIdentity& root, const OffsetClock& clock,
                std::optional<NsmStateFile> file)
        : authority_(root, random_), clock_(clock), file_(std::move(file)) {}

    Result<void> boot(const ModuleSettings& settings, Log& log) {
        nsm::Measurements measured = nsm::measure_nothing();
        const auto program = settings.open_program();
        if (!program)
            return program.error();
        if (*program) {
            const auto values = (*program)->measure();
            if (!values)
                return values.error();
            measured = *values;
        }
        auto config = settings.config(measured, authority_.root(), clock_.now(), random_);
        auto pcrs = nsm::boot_pcrs(config);
        if (file_) {
            const auto kept = file_->read();
            if (!kept)
                return kept.error();
            if (*kept) {
                if (const auto given = settings.boot_options_given; !given.empty())
                    return invalid_input(
                        fmt::format("{} says how a module boots, and the one in the state file has "
                                    "booted: leave it out, or remove the file to boot a new one",
                                    given.front()));
                config.module_id = (*kept)->module_id;
                config.region = (*kept)->region;
                pcrs = (*kept)->pcrs;
            }
        }
        id_ = config.module_id;
        region_ = config.region;
        device_.emplace(std::move(config), pcrs, authority_, clock_, random_, log);
        return {};
    }

    [[nodiscard]] nsm::NsmDevice& device() override { return *device_; }
    [[nodiscard]] std::string name() const override { return "mock"; }
    [[nodiscard]] Result<void> save() override {
        if (!file_)
            return {};
        return file_->write({id_, region_, device_->pcrs()});
    }

  private:
    SystemRandom random_;
    nsm::CertificateAuthority authority_;
    OffsetClock clock_;
    std::optional<NsmStateFile> file_;
    nsm::ModuleId id_;
    std::string region_;
    std::optional<nsm::MockNsm> device_;
};

// The module of an enclave that starts; a thread makes it meanwhile.
class StartingSession final : public NsmSession {
  public:
    StartingSession(const nsm::CaIdentity& root, const ModuleSettings& settings,
                    std::optional<nsm::MeasuredProgram> program, Log& log)
        : authority_(root, random_),
          start_clock_(settings.clock()),
          clock_(start_clock_),
          settings_(settings),
          program_(std::move(program)),
          device_([this, &log] { return make(log); }) {}

    [[nodiscard]] nsm::NsmDevice& device() override { return device_; }
    [[nodiscard]] ShiftedClock* clock() override { return &clock_; }
    [[nodiscard]] std::string name() const override { return "mock"; }
    [[nodiscard]] Result<void> save() override { return {}; }

  private:
    Result<std::unique_ptr<nsm::NsmDevice>> make(Log& log) {
        nsm::Measurements measured = nsm::measure_nothing();
        if (program_) {
            const auto program = program_->measure();
            if (!program) {
                log.error("not_measured", "{}", field("error", program.error().message));
                return program.error();
            }
            measured = *program;
        }
        auto config = settings_.config(measured, authority_.root(), clock_.now(), random_);
        const auto pcrs = nsm::boot_pcrs(config);
        const auto value = [&](nsm::PcrIndex index) {
            return to_hex(pcrs.describe(index).value().value);
        };
        log.info("measured", "PCR0 {}", field("pcr0", value(0)), field("pcr1", value(1)),
                 field("pcr2", value(2)),
                 field("pcr8", config.measurements.pcr8 ? value(8) : std::string()));
        return std::unique_ptr<nsm::NsmDevice>(std::make_unique<nsm::MockNsm>(
            std::move(config), pcrs, authority_, clock_, random_, log));
    }

    SystemRandom random_;
    nsm::CertificateAuthority authority_;
    OffsetClock start_clock_;  // as the settings have it
    ShiftedClock clock_;
    ModuleSettings settings_;
    std::optional<nsm::MeasuredProgram> program_;
    nsm::DeferredNsm device_;  // last: its thread uses what is above
};

Result<nsm::CaIdentity> open_root(const ModuleSettings& settings) {
    const auto directory = settings.pki_directory();
    if (!directory)
        return directory.error();
    SystemRandom random;
    return nsm::open_pki(*directory, random);
}

}  // namespace

Result<std::unique_ptr<NsmSession>> open_nsm_session(const std::string& device,
                                                     const std::string& state_path,
                                                     const ModuleSettings& settings, Log& log) {
    const bool hardware =
        device.empty() ? ::access(nsm::nsm_device_path, F_OK) == 0 : device != "mock";
    if (hardware) {
        const std::string path = device.empty() ? nsm::nsm_device_path : device;
        if (const auto given = settings.options_given; !given.empty() || !state_path.empty())
            return invalid_input(
                fmt::format("{} is for the simulated module, and {} is a real one; ask the "
                            "other with --device mock",
                            given.empty() ? "--state" : given.front(), path));
        auto opened = nsm::HardwareNsm::open(path, log);
        if (!opened)
            return opened.error();
        return std::unique_ptr<NsmSession>(
            std::make_unique<HardwareSession>(path, std::move(*opened)));
    }
    const auto root = open_root(settings);
    if (!root)
        return root.error();
    std::optional<NsmStateFile> file;
    if (!state_path.empty()) {
        auto opened = NsmStateFile::open(state_path);
        if (!opened)
            return opened.error();
        file.emplace(std::move(*opened));
    }
    auto session = std::make_unique<MockSession>(*root, settings.clock(), std::move(file));
    if (const auto booted = session->boot(settings, log); !booted)
        return booted.error();
    return std::unique_ptr<NsmSession>(std::move(session));
}

RootReading::RootReading(const ModuleSettings& settings) {
    const SignalsBlocked none_for_threads;
    root_ = std::async(std::launch::async, [settings] { return open_root(settings); });
}

Result<std::unique_ptr<NsmSession>> start_nsm_session(const ModuleSettings& settings,
                                                      RootReading& reading, Log& log) {
    const auto root = reading.take();
    if (!root)
        return root.error();
    auto program = settings.open_program();
    if (!program)
        return program.error();
    return std::unique_ptr<NsmSession>(
        std::make_unique<StartingSession>(*root, settings, std::move(*program), log));
}

}  // namespace glovebox::enclave
