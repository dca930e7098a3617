// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/guest_options.h"

#include <array>

namespace glovebox::vm {
namespace {

constexpr const char* loopback = "vsock_loopback";
constexpr const char* virtio = "vmw_vsock_virtio_transport";

struct Kind {
    std::string_view name;
    std::vector<std::string> modules;
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{{"none", {}},
                                       {"vsock", {"vsock"}},
                                       {"loopback", {"vsock", loopback}},
                                       {"virtio", {"vsock", virtio}},
                                       {"both", {"vsock", loopback, virtio}}};
    return all;
}

}  // namespace

std::vector<std::string_view> vsock_kinds() {
    std::vector<std::string_view> names;
    for (const Kind& kind : kinds())
        names.push_back(kind.name);
    return names;
}

std::vector<std::string> vsock_modules(std::string_view kind) {
    for (const Kind& one : kinds())
        if (one.name == kind)
            return one.modules;
    return {};
}

}  // namespace glovebox::vm
