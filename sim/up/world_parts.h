// SPDX-License-Identifier: Apache-2.0

// The parts of a world as values: what a world file says (world_keys.h), judged (world_file.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/up/fault_plan.h"
#include "sim/up/key.h"

namespace glovebox::up {

struct KmsPart {
    std::string seed;      // empty: none
    std::string state;     // empty: one that ends with the world
    std::string database;  // a connection string of PostgreSQL; empty: keys are in `state`
    std::vector<std::string> tls_hosts;  // in its certificate, beside kms.REGION.amazonaws.com
    std::string auth = "sigv4";
    std::string log_level;  // here and below: empty for the command's own default
};

struct ImdsPart {
    bool require_tokens = false;
    std::string log_level;
};

struct ProxyPart {
    std::string name;
    std::string label;  // of its lines on the timeline
    std::vector<std::string> listen;
    std::vector<std::string> allow;
    std::vector<std::string> allowlists;
    std::vector<std::string> resolve;
    std::string idle_timeout;
    std::string status;  // where it serves its status pages; empty: nowhere
    std::string log_level;
    std::optional<std::uint32_t> trace_traffic;  // bytes of each direction that are kept
    // AWS's program in its place: its three arguments, the first being the vsock port.
    std::vector<std::string> vsock_proxy;
    std::string config;
    std::uint32_t vsock_proxy_port = 0;
};

struct EnclavePart {
    std::string name;
    std::string label;
    std::uint32_t cid = 0;
    bool has_fixed_cid = true;         // the file says it; a restarted enclave gets a new one else
    std::vector<std::string> command;  // of an image none: its own
    std::string eif;                   // an image, or
    std::string root_fs;               // a root file system, or neither
    bool debug = false;
    std::optional<std::uint32_t> ready;  // a vsock port
    std::string ready_timeout;
    std::vector<std::string> depends_on;  // names of other enclaves
    std::string restart = "never";        // or "on-failure"
    bool allow_exit = false;
    bool trust_env = false;
    Environment environment;  // with that of the files
    std::vector<std::string> environment_files;
    std::vector<std::string> mounts;
    std::optional<std::uint32_t> memory_mib;
    std::optional<std::uint32_t> cpu_count;
    bool egress = false;
    std::string egress_proxy;
    std::vector<std::string> egress_ports;
    std::vector<std::string> egress_shared_ports;
    std::string isolation;
    std::string log_level;
    bool trace = false;
    std::optional<std::uint32_t> trace_traffic;  // bytes of each direction that are kept
};

struct ForwardPart {
    std::string name;
    std::string label;
    std::vector<std::string> listen;  // as `glovebox forward --listen` takes it
    std::string idle_timeout;
    std::string status;  // where it serves its status pages; empty: nowhere
    std::string log_level;
    std::optional<std::uint32_t> trace_traffic;  // bytes of each direction that are kept
};

// The command that runs on the parent's side.
struct ParentPart {
    bool trust_env = false;
    Environment environment;  // with that of the files
    std::vector<std::string> environment_files;
    std::string log_level;
    bool trace = false;
    std::optional<std::uint32_t> trace_traffic;  // bytes of each direction that are kept
};

struct WorldFile {
    std::string folder;  // the file's
    std::string region = "us-east-1";
    std::string role_arn;
    FaultPlan faults;
    bool trace_connections = false;  // of all enclaves and the command (up --trace-connections)
    std::optional<KmsPart> kms;
    std::optional<ImdsPart> imds;
    std::vector<ProxyPart> proxies;
    std::vector<EnclavePart> enclaves;
    std::vector<ForwardPart> forwards;
    ParentPart parent;
};

}  // namespace glovebox::up
