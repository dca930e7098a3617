// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/plugin_service.h"

#include <algorithm>
#include <vector>

namespace glovebox::device_plugin {
namespace {

template <class Repeated>
std::vector<std::string> texts_of(const Repeated& repeated) {
    return {repeated.begin(), repeated.end()};
}

grpc::ServerUnaryReactor* finish(grpc::CallbackServerContext* context, const grpc::Status& status) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(status);
    return reactor;
}

grpc::Status refusal(const Error& error) {
    return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
}

void add(const Allocation& allocation, v1beta1::ContainerAllocateResponse& answer) {
    for (const auto& [name, value] : allocation.variables)
        (*answer.mutable_envs())[name] = value;
    for (const Mount& mount : allocation.mounts) {
        auto& added = *answer.add_mounts();
        added.set_container_path(mount.container_path);
        added.set_host_path(mount.host_path);
        added.set_read_only(true);
    }
    for (const Device& device : allocation.devices) {
        auto& added = *answer.add_devices();
        added.set_container_path(device.container_path);
        added.set_host_path(device.host_path);
        added.set_permissions(device.permissions);
    }
}

}  // namespace

// One ListAndWatch. gRPC allows one write at a time, and nothing after Finish; a change during a
// write is written after it.
class PluginService::DeviceStream final
    : public grpc::ServerWriteReactor<v1beta1::ListAndWatchResponse> {
  public:
    explicit DeviceStream(PluginService& service) : service_(&service) {}

    void send_devices() {
        const std::lock_guard lock(mutex_);
        is_outdated_ = true;
        write_next();
    }

    void end(const grpc::Status& status) {
        const std::lock_guard lock(mutex_);
        if (std::exchange(is_finished_, true))
            return;
        Finish(status);
    }

    void OnWriteDone(bool is_written) override {
        if (!is_written)
            return end(grpc::Status::CANCELLED);
        const std::lock_guard lock(mutex_);
        is_writing_ = false;
        write_next();
    }
    void OnCancel() override { end(grpc::Status::CANCELLED); }
    void OnDone() override { service_->forget(*this); }

  private:
    void write_next() {
        if (is_finished_ || is_writing_ || !std::exchange(is_outdated_, false))
            return;
        is_writing_ = true;
        sent_ = service_->device_list();
        StartWrite(&sent_);
    }

    PluginService* service_;
    std::mutex mutex_;
    v1beta1::ListAndWatchResponse sent_;  // until OnWriteDone
    bool is_outdated_ = false;
    bool is_writing_ = false;
    bool is_finished_ = false;
};

v1beta1::DevicePluginOptions PluginService::options() {
    v1beta1::DevicePluginOptions options;
    options.set_get_preferred_allocation_available(true);
    return options;
}

void PluginService::set_problem(std::string problem) {
    {
        const std::lock_guard lock(mutex_);
        if (problem.empty() == problem_.empty()) {
            problem_ = std::move(problem);
            return;  // the devices' health is the same
        }
        problem_ = std::move(problem);
    }
    for (const auto& stream : streams())
        stream->send_devices();
}

void PluginService::end_streams() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    for (const auto& stream : streams())
        stream->end(grpc::Status::OK);
}

grpc::ServerUnaryReactor* PluginService::GetDevicePluginOptions(
    grpc::CallbackServerContext* context, const v1beta1::Empty* /*request*/,
    v1beta1::DevicePluginOptions* answer) {
    *answer = options();
    return finish(context, grpc::Status::OK);
}

grpc::ServerWriteReactor<v1beta1::ListAndWatchResponse>* PluginService::ListAndWatch(
    grpc::CallbackServerContext* /*context*/, const v1beta1::Empty* /*request*/) {
    const auto stream = std::make_shared<DeviceStream>(*this);
    bool ends = false;
    {
        const std::lock_guard lock(mutex_);
        streams_.insert(stream);
        ends = ends_;
    }
    log_->info("list", "the kubelet watches the devices of {}", resource_.full_name());
    if (ends)
        stream->end(grpc::Status::OK);
    else
        stream->send_devices();
    return stream.get();
}

grpc::ServerUnaryReactor* PluginService::GetPreferredAllocation(
    grpc::CallbackServerContext* context, const v1beta1::PreferredAllocationRequest* request,
    v1beta1::PreferredAllocationResponse* answer) {
    return finish(context, prefer(*request, *answer));
}

grpc::ServerUnaryReactor* PluginService::Allocate(grpc::CallbackServerContext* context,
                                                  const v1beta1::AllocateRequest* request,
                                                  v1beta1::AllocateResponse* answer) {
    const grpc::Status status = allocate(*request, *answer);
    if (!status.ok()) {
        answer->Clear();
        log_->warning("refused", "no devices of {} for a container: {}", resource_.full_name(),
                      field("reason", status.error_message()));
    }
    return finish(context, status);
}

grpc::ServerUnaryReactor* PluginService::PreStartContainer(
    grpc::CallbackServerContext* context, const v1beta1::PreStartContainerRequest* /*request*/,
    v1beta1::PreStartContainerResponse* /*answer*/) {
    return finish(context, grpc::Status::OK);
}

v1beta1::ListAndWatchResponse PluginService::device_list() const {
    const std::lock_guard lock(mutex_);
    v1beta1::ListAndWatchResponse list;
    for (const std::string& id : resource_.device_ids()) {
        auto& device = *list.add_devices();
        device.set_id(id);
        device.set_health(problem_.empty() ? "Healthy" : "Unhealthy");
    }
    return list;
}

grpc::Status PluginService::allocate(const v1beta1::AllocateRequest& request,
                                     v1beta1::AllocateResponse& answer) const {
    {
        const std::lock_guard lock(mutex_);
        if (!problem_.empty())
            return {grpc::StatusCode::FAILED_PRECONDITION, problem_};
    }
    for (const auto& container : request.container_requests()) {
        const std::vector<std::string> ids = texts_of(container.devicesids());
        const auto allocation = resource_.allocate(ids);
        if (!allocation)
            return refusal(allocation.error());
        add(*allocation, *answer.add_container_responses());
        log_->info("allocate", "a container has {} device{} of {}, the first is {}", ids.size(),
                   ids.size() == 1 ? "" : "s", resource_.full_name(), ids.front());
    }
    return grpc::Status::OK;
}

grpc::Status PluginService::prefer(const v1beta1::PreferredAllocationRequest& request,
                                   v1beta1::PreferredAllocationResponse& answer) const {
    for (const auto& container : request.container_requests()) {
        const auto ids = resource_.prefer(texts_of(container.available_deviceids()),
                                          texts_of(container.must_include_deviceids()),
                                          container.allocation_size());
        if (!ids)
            return refusal(ids.error());
        auto& preferred = *answer.add_container_responses();
        for (const std::string& id : *ids)
            preferred.add_deviceids(id);
    }
    return grpc::Status::OK;
}

std::set<std::shared_ptr<PluginService::DeviceStream>> PluginService::streams() const {
    const std::lock_guard lock(mutex_);
    return streams_;
}

void PluginService::forget(const DeviceStream& stream) {
    std::shared_ptr<DeviceStream> last;  // is destroyed behind the lock
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(streams_.begin(), streams_.end(),
                                    [&](const auto& other) { return other.get() == &stream; });
    if (found != streams_.end())
        last = streams_.extract(found).value();
}

}  // namespace glovebox::device_plugin
