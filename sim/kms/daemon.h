// SPDX-License-Identifier: Apache-2.0

// The service as a process: a scene, its keys in a state directory, listeners, until SIGTERM or
// SIGINT.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random_source.h"
#include "core/fault/client.h"
#include "nsm-mock/document/trust_root.h"
#include "sim/http/server.h"
#include "sim/kms/scene.h"

namespace glovebox::kms {

struct DaemonSettings {
    Scene scene;
    std::vector<http::ServerOptions> listeners;
    // Holds keys.db, session.key, trace.jsonl and cloudtrail.jsonl; exists.
    std::string state_directory;
    // A connection string (key_database.h): keys are in PostgreSQL, in place of keys.db.
    std::string database;
    bool in_memory = false;  // keys end with the process; the other files are written all the same
    // A Recipient's document is accepted if its chain ends in one of them.
    std::vector<nsm::TrustRoot> roots;
    bool authenticate = true;  // signatures are checked
    // The ARN that callers have while signatures are not checked; by default the account's root.
    std::optional<std::string> caller;
    http::ConnectionLimits limits;
    unsigned threads = 1;
    // The faults of the world; null without.
    std::shared_ptr<const fault::Client> faults;
    // Called when it listens, with the address of its HTTPS listener ("127.0.0.1:4600"), which is
    // empty without one.
    std::function<void(const std::string& https)> ready;
};

// Serves until a signal comes, and logs the addresses that it listens on. An error if the state
// directory, the scene or a listener cannot be used; then nothing was served.
[[nodiscard]] Result<void> serve(const DaemonSettings& settings, const Clock& clock,
                                 RandomSource& random, Log& log);

}  // namespace glovebox::kms
