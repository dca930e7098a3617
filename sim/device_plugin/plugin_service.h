// SPDX-License-Identifier: Apache-2.0

// The answers of one resource to the kubelet: the DevicePlugin service of v1beta1.proto.
//
// Every call is answered at once from memory but ListAndWatch, which stays open: it gets the
// devices, and again whenever their health changes. The methods may be called from any thread.
//
// A request that is wrong is INVALID_ARGUMENT, and Allocate is FAILED_PRECONDITION while the
// devices are unhealthy; the kubelet then does not start the container, and shows the sentence.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/base/log.h"
#include "sim/device_plugin/resource.h"
#include "v1beta1.grpc.pb.h"

namespace glovebox::device_plugin {

class PluginService final : public v1beta1::DevicePlugin::CallbackService {
  public:
    // Healthy at first. The log outlives it.
    PluginService(Resource resource, Log& log) : resource_(std::move(resource)), log_(&log) {}

    [[nodiscard]] const Resource& resource() const { return resource_; }
    [[nodiscard]] static v1beta1::DevicePluginOptions options();

    // Why containers can't have the devices; empty when they can.
    void set_problem(std::string problem);
    // Ends the calls that stay open, before the server's shutdown.
    void end_streams();

    grpc::ServerUnaryReactor* GetDevicePluginOptions(grpc::CallbackServerContext* context,
                                                     const v1beta1::Empty* request,
                                                     v1beta1::DevicePluginOptions* answer) override;
    grpc::ServerWriteReactor<v1beta1::ListAndWatchResponse>* ListAndWatch(
        grpc::CallbackServerContext* context, const v1beta1::Empty* request) override;
    grpc::ServerUnaryReactor* GetPreferredAllocation(
        grpc::CallbackServerContext* context, const v1beta1::PreferredAllocationRequest* request,
        v1beta1::PreferredAllocationResponse* answer) override;
    grpc::ServerUnaryReactor* Allocate(grpc::CallbackServerContext* context,
                                       const v1beta1::AllocateRequest* request,
                                       v1beta1::AllocateResponse* answer) override;
    grpc::ServerUnaryReactor* PreStartContainer(
        grpc::CallbackServerContext* context, const v1beta1::PreStartContainerRequest* request,
        v1beta1::PreStartContainerResponse* answer) override;

  private:
    class DeviceStream;

    [[nodiscard]] v1beta1::ListAndWatchResponse device_list() const;
    [[nodiscard]] grpc::Status allocate(const v1beta1::AllocateRequest& request,
                                        v1beta1::AllocateResponse& answer) const;
    [[nodiscard]] grpc::Status prefer(const v1beta1::PreferredAllocationRequest& request,
                                      v1beta1::PreferredAllocationResponse& answer) const;
    [[nodiscard]] std::set<std::shared_ptr<DeviceStream>> streams() const;
    void forget(const DeviceStream& stream);

    Resource resource_;
    Log* log_;
    mutable std::mutex mutex_;
    std::string problem_;
    std::set<std::shared_ptr<DeviceStream>> streams_;
    bool ends_ = false;
};

}  // namespace glovebox::device_plugin
