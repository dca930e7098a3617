// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/registered_resource.h"

#include <fmt/core.h>
#include <grpcpp/server_posix.h>

#include <algorithm>
#include <cerrno>

namespace glovebox::device_plugin {
namespace {

constexpr std::chrono::seconds first_pause{1};
constexpr std::chrono::seconds longest_pause{30};

}  // namespace

RegisteredResource::RegisteredResource(Resource resource,
                                       const std::filesystem::path& kubelet_folder, int wake,
                                       Log& log)
    : log_(&log),
      wake_(wake),
      kubelet_(kubelet_folder / "kubelet.sock"),
      socket_name_(resource.socket_name()),
      service_(std::move(resource), log),
      endpoint_(kubelet_folder / socket_name_),
      pause_(first_pause) {
    // Connections come from endpoint_, which knows when its name is no longer its own.
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
}

RegisteredResource::~RegisteredResource() {
    registration_.reset();
    endpoint_.close();
    service_.end_streams();
    server_->Shutdown();
}

Result<bool> RegisteredResource::listen() {
    switch (endpoint_.owner()) {
        case Endpoint::Owner::this_one:
            return false;
        case Endpoint::Owner::another:
            if (endpoint_.fd() >= 0)
                return system_error(EADDRINUSE,
                                    fmt::format("{}: another device plugin has taken this "
                                                "name: a node has one of them",
                                                endpoint_.path().string()));
            break;
        case Endpoint::Owner::nobody:
            break;
    }
    if (auto listened = endpoint_.listen(); !listened)
        return listened.error();
    return true;
}

void RegisteredResource::log_listening() const {
    log_->info("listening", "{} is served at {}", service_.resource().full_name(),
               field("address", endpoint_.path().string()));
}

void RegisteredResource::accept_all() {
    while (UniqueFd connection = endpoint_.accept())
        grpc::AddInsecureChannelFromFd(server_.get(), connection.release());
}

void RegisteredResource::register_anew(Time now) {
    registration_.reset();  // a call of the kubelet before
    due_ = now;
    pause_ = first_pause;
}

Result<void> RegisteredResource::advance(Time now) {
    if (registration_ != nullptr) {
        const auto answer = registration_->answer();
        if (!answer)
            return {};
        registration_.reset();
        if (auto taken = take(*answer, now); !taken)
            return taken;
    }
    if (!due_ || now < *due_)
        return {};
    due_.reset();
    if (std::filesystem::exists(kubelet_))
        registration_ = std::make_unique<Registration>(kubelet_, service_.resource(), wake_);
    else
        log_->info("wait", "{} is missing: waiting for the kubelet", kubelet_.string());
    return {};
}

Result<void> RegisteredResource::take(const Registration::Answer& answer, Time now) {
    const std::string name = service_.resource().full_name();
    switch (answer.outcome) {
        case Registration::Outcome::registered:
            log_->info("registered", "the kubelet knows of {}: {} devices", name,
                       service_.resource().device_ids().size());
            pause_ = first_pause;
            return {};
        case Registration::Outcome::unreachable:
            log_->warning("unreachable",
                          "the kubelet does not answer at {}, the next try is in {} s: {}",
                          field("address", kubelet_.string()), pause_.count(),
                          field("reason", answer.reason));
            due_ = now + pause_;
            pause_ = std::min(2 * pause_, longest_pause);
            return {};
        case Registration::Outcome::refused:
            break;
    }
    return system_error(EPROTO, fmt::format("the kubelet refuses {}: {}", name, answer.reason));
}

}  // namespace glovebox::device_plugin
