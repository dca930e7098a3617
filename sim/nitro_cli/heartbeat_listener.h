// SPDX-License-Identifier: Apache-2.0

// The parent's port 9000 while an enclave boots: a listener that receives the byte 0xB7 and returns
// it, as nitro-cli does. So only one enclave of a world can boot by nitro-cli at a time, as on
// Nitro.
#pragma once

#include <memory>
#include <thread>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "transports/world.h"

namespace glovebox::nitro_cli {

class HeartbeatListener {
  public:
    // Listens, and answers in a thread until the object is destroyed. E36 if the port is taken.
    // `world` outlives it.
    [[nodiscard]] static Result<std::unique_ptr<HeartbeatListener>> open(transports::World& world);
    // Readable once a heartbeat has come, from just before its answer on.
    [[nodiscard]] int answered() const { return answered_.get(); }

    ~HeartbeatListener();
    HeartbeatListener(const HeartbeatListener&) = delete;
    HeartbeatListener& operator=(const HeartbeatListener&) = delete;

  private:
    explicit HeartbeatListener(transports::World& world) : world_(world) {}
    void run() const;

    transports::World& world_;
    UniqueFd socket_;
    UniqueFd stop_;      // an eventfd
    UniqueFd answered_;  // an eventfd
    std::thread thread_;
};

}  // namespace glovebox::nitro_cli
