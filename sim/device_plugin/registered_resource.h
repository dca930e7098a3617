// SPDX-License-Identifier: Apache-2.0

// One resource: its socket, its service behind it, and whether the kubelet knows of it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/log.h"
#include "sim/device_plugin/endpoint.h"
#include "sim/device_plugin/plugin_service.h"
#include "sim/device_plugin/registration.h"

namespace glovebox::device_plugin {

class RegisteredResource {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // `wake`: an eventfd(2) for the outcomes of calls. Log and eventfd outlive the object.
    RegisteredResource(Resource resource, const std::filesystem::path& kubelet_folder, int wake,
                       Log& log);
    // Ends all calls, and removes the socket.
    ~RegisteredResource();
    RegisteredResource(const RegisteredResource&) = delete;
    RegisteredResource& operator=(const RegisteredResource&) = delete;

    [[nodiscard]] const std::string& socket_name() const { return socket_name_; }
    [[nodiscard]] int listener() const { return endpoint_.fd(); }

    // Listens; again if the name has been deleted. Errors: see Endpoint::listen(); EADDRINUSE if
    // another program has taken the name. True if the listener is a new one.
    [[nodiscard]] Result<bool> listen();
    void log_listening() const;
    // Hands the connections that wait to the service.
    void accept_all();
    void set_problem(std::string problem) { service_.set_problem(std::move(problem)); }

    // The kubelet is (again) one that does not know of the resource.
    void register_anew(Time now);
    // Calls the kubelet when that is due, and takes the outcome of the last call. Errors: the
    // kubelet refuses the resource.
    [[nodiscard]] Result<void> advance(Time now);
    // When advance() has something to do without an event.
    [[nodiscard]] std::optional<Time> due() const { return registration_ ? std::nullopt : due_; }

  private:
    [[nodiscard]] Result<void> take(const Registration::Answer& answer, Time now);

    Log* log_;
    int wake_;
    std::filesystem::path kubelet_;
    std::string socket_name_;
    PluginService service_;
    Endpoint endpoint_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<Registration> registration_;
    std::optional<Time> due_;
    std::chrono::seconds pause_;
};

}  // namespace glovebox::device_plugin
