// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/init_plan.h"

namespace glovebox::sandbox {
namespace {

constexpr const char* application = "/rootfs";

std::vector<Step> trusted(const InitRequest& request, const InitFacts& facts) {
    if (!request.resources.authority)
        return {};
    const std::string upper = "/upper/rootfs";
    std::vector<Step> steps =
        trust_steps(facts.trust, *request.resources.authority, request.directory, "", upper);
    std::vector<Step> inner = trust_steps(facts.trust_of_rootfs, *request.resources.authority,
                                          request.directory + application, "", upper + application);
    if (!inner.empty())
        steps.push_back(steps::on_stage(steps::make_directory(upper + application)));
    steps.insert(steps.end(), inner.begin(), inner.end());
    return steps;
}

}  // namespace

InitFacts read_init_facts(const std::string& directory) {
    return {read_trust_places(directory), read_trust_places(directory + application)};
}

SandboxPlan make_init_plan(const InitRequest& request, const InitFacts& facts,
                           const Machine& machine) {
    SandboxPlan plan = begin_plan(machine, request.resources);
    add_overlay(plan.steps, request.directory, "", "rootfs", trusted(request, facts));
    for (const char* folder : {"/dev", "/proc", "/run", "/sys"})
        plan.steps.push_back(steps::make_directory(folder));
    add_machine_mounts(plan.steps, machine, request.resources, plan.cpus);
    plan.steps.push_back(steps::enter_root());
    add_stand_ins(plan.steps, machine, request.resources, plan.cpus);

    plan.arguments = {request.init};
    plan.environment = request.environment;
    if (request.resources.authority && !request.resources.authority->bundle_pem.empty())
        add_trust_environment(plan.steps, plan.environment, *request.resources.authority);
    plan.program_is_init = true;
    return plan;
}

}  // namespace glovebox::sandbox
