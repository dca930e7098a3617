// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/registration.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include "sim/device_plugin/plugin_service.h"
#include "v1beta1.grpc.pb.h"

namespace glovebox::device_plugin {
namespace {

constexpr const char* api_version = "v1beta1";
// As long as AWS's plugin waits.
constexpr int answer_seconds = 10;

Registration::Answer answer_of(const grpc::Status& status) {
    using Outcome = Registration::Outcome;
    switch (status.error_code()) {
        case grpc::StatusCode::OK:
            return {Outcome::registered};
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED:
            return {Outcome::unreachable, status.error_message()};
        default:
            return {Outcome::refused, status.error_message()};
    }
}

}  // namespace

struct Registration::Call {
    std::unique_ptr<v1beta1::Registration::Stub> stub;
    grpc::ClientContext context;
    v1beta1::RegisterRequest request;
    v1beta1::Empty answer;

    std::mutex mutex;
    std::condition_variable is_over;
    std::optional<Answer> outcome;
};

Registration::Registration(const std::filesystem::path& kubelet, const Resource& resource, int wake)
    : call_(std::make_unique<Call>()) {
    grpc::ChannelArguments arguments;
    // A name of the environment's proxy is no business of a Unix socket's.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // A channel of its own: one that is shared with an earlier call would wait before it connects.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    call_->stub = v1beta1::Registration::NewStub(grpc::CreateCustomChannel(
        "unix:" + kubelet.string(), grpc::InsecureChannelCredentials(), arguments));
    call_->context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                             gpr_time_from_seconds(answer_seconds, GPR_TIMESPAN)));
    call_->request.set_version(api_version);
    call_->request.set_endpoint(resource.socket_name());
    call_->request.set_resource_name(resource.full_name());
    *call_->request.mutable_options() = PluginService::options();
    call_->stub->async()->Register(&call_->context, &call_->request, &call_->answer,
                                   [call = call_.get(), wake](const grpc::Status& status) {
                                       const std::lock_guard lock(call->mutex);
                                       call->outcome = answer_of(status);
                                       ::eventfd_write(wake, 1);
                                       call->is_over.notify_all();
                                   });
}

Registration::~Registration() {
    call_->context.TryCancel();
    std::unique_lock lock(call_->mutex);
    call_->is_over.wait(lock, [&] { return call_->outcome.has_value(); });
}

std::optional<Registration::Answer> Registration::answer() const {
    const std::lock_guard lock(call_->mutex);
    return call_->outcome;
}

}  // namespace glovebox::device_plugin
