// SPDX-License-Identifier: Apache-2.0

// The parent's port 9000 while an enclave boots: takes the byte 0xB7 and gives it back, as
// nitro-cli does. One enclave at a time can boot so, here as there.
#pragma once

#include <memory>
#include <thread>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "transports/world.h"

namespace glovebox::nitro_cli {

class HeartbeatListener {
  public:
    // E36 when the port is taken. A thread answers until the object goes.
    [[nodiscard]] static Result<std::unique_ptr<HeartbeatListener>> open(transports::World& world);
    ~HeartbeatListener();
    HeartbeatListener(const HeartbeatListener&) = delete;
    HeartbeatListener& operator=(const HeartbeatListener&) = delete;

  private:
    explicit HeartbeatListener(transports::World& world) : world_(world) {}
    void run() const;

    transports::World& world_;
    UniqueFd socket_;
    UniqueFd stop_;  // an eventfd
    std::thread thread_;
};

}  // namespace glovebox::nitro_cli
