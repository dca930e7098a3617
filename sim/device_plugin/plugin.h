// SPDX-License-Identifier: Apache-2.0

// The plugin's life beside a kubelet.
//
// It listens in the kubelet's folder, one socket a resource, and registers each. When the kubelet
// starts again it deletes the sockets in its folder and makes its own anew: the plugin listens
// anew, and registers anew as soon as the kubelet's socket appears. A kubelet that does not answer
// is asked again, after 1 s, then after twice as long each time, up to 30 s.
//
// Devices are healthy while the node's copy of the program (host_program.h) is as it should be.
#pragma once

#include <filesystem>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"
#include "sim/device_plugin/host_program.h"
#include "sim/device_plugin/resource.h"

namespace glovebox::device_plugin {

struct PluginOptions {
    std::filesystem::path kubelet_folder;  // with kubelet.sock
    std::filesystem::path program;         // what is copied
    HostProgram host_program;
    std::vector<Resource> resources;
};

// Runs until `stop` is readable. Errors: a socket or folder that can't be had, a resource that the
// kubelet refuses, another plugin that takes a socket's name, a folder that disappears.
[[nodiscard]] Result<void> run_plugin(const PluginOptions& options, int stop, Log& log);

}  // namespace glovebox::device_plugin
