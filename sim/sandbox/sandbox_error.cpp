// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/sandbox_error.h"

#include <string>

namespace glovebox::sandbox {
namespace {

// Boost's category is never deleted, and has no virtual destructor for that reason.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class SandboxCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "glovebox.sandbox"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<SandboxError>(value)) {
            case SandboxError::namespaces_forbidden:
                return "this machine forbids user namespaces";
            case SandboxError::set_up_failed:
                return "the sandbox could not be set up";
            case SandboxError::program_not_started:
                return "the program could not be started";
            case SandboxError::bad_request:
                return "what was asked for can't be a sandbox";
        }
        return "unknown sandbox error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& sandbox_category() {
    static const SandboxCategory category;
    return category;
}

boost::system::error_code make_error_code(SandboxError value) {
    return {static_cast<int>(value), sandbox_category()};
}

}  // namespace glovebox::sandbox
