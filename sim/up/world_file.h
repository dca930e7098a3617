// SPDX-License-Identifier: Apache-2.0

// world.yaml: a whole world in one file, for `glovebox up`.
//
//   region: us-east-1          # without it the scene's, which must be the same where it has one
//   role_arn: arn:aws:iam::111122223333:role/parent    # the parent instance's: metadata, PCR3
//   kms: {seed: keys.yaml}                             # a KMS; also state: DIR, auth: off
//   imds: {require_tokens: true}                       # instance metadata
//   proxies:
//     aws: {listen: 8000=kms.us-east-1.amazonaws.com:443}   # also allow, allowlist, resolve,
//                                                           # idle_timeout
//     old: {vsock_proxy: 8001 kms.us-east-1.amazonaws.com 443, config: FILE}
//   enclaves:
//     server:
//       command: [python3, server.py]   # or eif: app.eif, with `memory`; or rootfs: DIR
//       cid: 16                # the first that is free from 16 up
//       debug: false
//       ready: 5005            # the vsock port that it listens on when it is ready
//       trust_env: true        # SSL_CERT_FILE and its like name the world's TLS authority
//       env: {LOG: debug}      # not of an image, which has its own
//       mount: [DIR]           # further folders that it sees
//       memory: 512            # MiB
//       cpus: 2
//       isolation: sandbox     # or none
//   parent: {trust_env: true, env: {...}}              # for the command after --
//
// Files, and programs that are named with a '/', are relative to the world's file, in whose folder
// enclaves run. Every mistake is found before anything starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace glovebox::up {

using Environment = std::vector<std::pair<std::string, std::string>>;

struct KmsPart {
    std::string seed;   // empty: none
    std::string state;  // empty: one that ends with the world
    std::string auth = "sigv4";
};

struct ImdsPart {
    bool require_tokens = false;
};

struct ProxyPart {
    std::string name;
    std::vector<std::string> listen;
    std::vector<std::string> allow;
    std::vector<std::string> allowlists;
    std::vector<std::string> resolve;
    std::string idle_timeout;
    // AWS's program in its place: its arguments, the first being the vsock port.
    std::vector<std::string> vsock_proxy;
    std::uint32_t vsock_proxy_port = 0;
};

struct EnclavePart {
    std::string name;
    std::uint32_t cid = 0;
    std::vector<std::string> command;  // of an image none: its own
    std::string eif;                   // an image, or
    std::string root_fs;               // a root file system, or neither
    bool debug = false;
    std::optional<std::uint32_t> ready;  // a vsock port
    bool trust_env = false;
    Environment environment;
    std::vector<std::string> mounts;
    std::optional<std::uint32_t> memory_mib;
    std::optional<std::uint32_t> cpu_count;
    std::string isolation;
};

struct WorldFile {
    std::string folder;  // the file's
    std::string region = "us-east-1";
    std::string role_arn;
    std::optional<KmsPart> kms;
    std::optional<ImdsPart> imds;
    std::vector<ProxyPart> proxies;
    std::vector<EnclavePart> enclaves;
    bool parent_trust_env = false;
    Environment parent_environment;
};

// `folder` is what relative files are relative to. Whether they are there is asked as well, and
// a scene is read. The error has every mistake with its line and column, a line each; a scene's and
// its policies' too.
[[nodiscard]] Result<WorldFile> parse_world_file(std::string_view text, const std::string& name,
                                                 const std::string& folder);

}  // namespace glovebox::up
