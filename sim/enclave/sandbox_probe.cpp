// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/sandbox_probe.h"

#include <utility>

#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/refusal.h"
#include "sim/sandbox/sandbox.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/supervisor/obstacle.h"

namespace glovebox::enclave {

Result<void> try_sandbox() {
    sandbox::CommandRequest request;
    request.arguments = {"true"};
    request.path = "/usr/bin:/bin";
    request.working_directory = "/";
    const auto plan = sandbox::make_command_plan(request, sandbox::read_machine());
    if (!plan)
        return plan.error();
    const auto started = sandbox::Sandbox::start(*plan);
    return started ? Result<void>() : started.error();
}

bool is_without_sandboxes(Error& error) {
    if (error.code == sandbox::SandboxError::namespaces_forbidden)
        return true;
    if (supervisor::is_vsock_denial(error)) {
        error = supervisor::vsock_denied(error.code.value(), true)
                    .with_advice(sandbox::without_sandbox);
        return true;
    }
    if (error.code != sandbox::SandboxError::set_up_failed || try_sandbox())
        return false;
    error =
        std::move(error).with_advice(sandbox::advise_on_filter(sandbox::read_namespace_facts()));
    return true;
}

}  // namespace glovebox::enclave
