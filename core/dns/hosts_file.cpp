// SPDX-License-Identifier: Apache-2.0

#include "core/dns/hosts_file.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/base/ascii.h"
#include "core/dns/config_words.h"

namespace glovebox::core {

HostsFile::HostsFile(std::string_view text) {
    while (!text.empty()) {
        std::string_view line = take_line(text);
        line = line.substr(0, line.find('#'));
        boost::system::error_code failure;
        // With a scope, as in fe80::1%eth0.
        const IpAddress address =
            boost::asio::ip::make_address(std::string(take_word(line)), failure);
        if (failure)
            continue;
        for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
            if (word.ends_with('.'))
                word.remove_suffix(1);
            entries_.push_back({to_lower(word), address});
        }
    }
    std::ranges::stable_sort(entries_, {}, &Entry::name);
}

std::vector<IpAddress> HostsFile::find(const HostName& name) const {
    std::vector<IpAddress> addresses;
    auto entry = std::ranges::lower_bound(entries_, name.text(), {}, &Entry::name);
    for (; entry != entries_.end() && entry->name == name.text(); ++entry)
        addresses.push_back(entry->address);
    return addresses;
}

}  // namespace glovebox::core
