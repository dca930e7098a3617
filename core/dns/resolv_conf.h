// SPDX-License-Identifier: Apache-2.0

// What resolv.conf(5) says beside the name servers, which c-ares reads: how long they have, and
// which names a short name may stand for.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/host_name.h"

namespace glovebox::core {

struct ResolvConf {
    // How long a lookup waits for a name server's answer, and how often it asks all of them. Each
    // round waits twice as long as the one before. By default three rounds begin within the
    // resolver's deadline of five seconds, so a server that does not answer leaves time for the
    // next one.
    std::chrono::milliseconds timeout{1000};
    int attempts = 3;
    // A name with fewer dots is sought in the search list before it is asked for as it is.
    int ndots = 1;
    std::vector<std::string> search;
};

// Reads the words of an "options" line: "ndots:2 timeout:1 attempts:3". Numbers are brought within
// the bounds of resolv.conf(5): 30 seconds, 5 attempts, 15 dots. Other words and malformed numbers
// change nothing.
void read_options(std::string_view words, ResolvConf& conf);

// Reads the file's text, and over it the variables RES_OPTIONS and LOCALDOMAIN. Without a search
// list, the domain of this host's name is one.
[[nodiscard]] ResolvConf parse_resolv_conf(std::string_view text);

// The names to ask for, one after the other, until one has addresses.
[[nodiscard]] std::vector<HostName> search_names(const HostName& name, const ResolvConf& conf);

}  // namespace glovebox::core
