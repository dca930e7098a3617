// SPDX-License-Identifier: Apache-2.0

// A process that has nearly run out of descriptors, for tests.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor::testing {

// No more than `free` descriptors can be opened while it lives.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t free) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const UniqueFd next(::dup(0));
        const rlimit few{.rlim_cur = static_cast<rlim_t>(next.get()) + free,
                         .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

}  // namespace glovebox::supervisor::testing
