// SPDX-License-Identifier: Apache-2.0

// One resource told to the kubelet: a call of its Registration service, in the background.
//
// The kubelet calls the plugin back before it answers, so whoever serves the plugin's socket must
// not wait for the answer.
#pragma once

#include <sys/eventfd.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/unique_fd.h"
#include "sim/device_plugin/resource.h"

namespace glovebox::device_plugin {

class Registration {
  public:
    // Calls the kubelet at its socket. `wake`: an eventfd(2) that is written to when the outcome is
    // there; it outlives the object.
    Registration(const std::filesystem::path& kubelet, const Resource& resource, int wake);
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    // Breaks the call off if it goes on.
    ~Registration();

    enum class Outcome {
        registered,
        unreachable,  // nobody answered: a kubelet that starts, or has ended
        refused,      // the kubelet's answer is an error, and will be the same again
    };
    struct Answer {
        Outcome outcome;
        std::string reason{};  // the kubelet's or gRPC's words
    };
    // Nothing while the call goes on.
    [[nodiscard]] std::optional<Answer> answer() const;

  private:
    struct Call;
    std::unique_ptr<Call> call_;
};

}  // namespace glovebox::device_plugin
