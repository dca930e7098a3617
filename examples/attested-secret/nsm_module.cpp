// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/nsm_module.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "nsm-mock/module/hardware_nsm.h"
#include "nsm-mock/module/measured_program.h"
#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/pki/pki_directory.h"

namespace glovebox::example {
namespace {

// A mock module and the authority that signs for it.
class LocalNsm final : public nsm::NsmDevice {
  public:
    LocalNsm(nsm::CaIdentity root, nsm::MockNsmConfig config, const Clock& clock,
             RandomSource& random, Log& log)
        : authority_(std::move(root), random),
          module_(config, nsm::boot_pcrs(config), authority_, clock, random, log) {}

    [[nodiscard]] Bytes process(BytesView request) override { return module_.process(request); }

  private:
    nsm::CertificateAuthority authority_;
    nsm::MockNsm module_;
};

}  // namespace

void NsmOptions::add_to(CLI::App& app) {
    app.add_option("--pki", pki,
                   "The mock PKI's directory, where there is no /dev/nsm [the user's own]");
    app.add_flag("--debug", debug,
                 "The mock answers as in an enclave in debug mode: PCR0 to PCR2 are zero");
}

std::unique_ptr<nsm::NsmDevice> open_nsm(const NsmOptions& options, const Clock& clock,
                                         RandomSource& random, Log& log) {
    if (::access(nsm::nsm_device_path, F_OK) == 0)
        return nsm::HardwareNsm::open(nsm::nsm_device_path, log).value();
    const std::string pki =
        options.pki.empty() ? nsm::default_pki_directory().value() : options.pki;
    nsm::CaIdentity root = nsm::open_pki(pki, random).value();
    nsm::MockNsmConfig config;
    config.module_id.instance_id = nsm::mock_instance_id(root.certificate);
    config.module_id.enclave_id = nsm::make_enclave_id(clock.now(), random);
    config.measurements = nsm::measure_program("/proc/self/exe").value();
    config.debug = options.debug;
    return std::make_unique<LocalNsm>(std::move(root), std::move(config), clock, random, log);
}

}  // namespace glovebox::example
