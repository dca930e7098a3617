// SPDX-License-Identifier: Apache-2.0

// The events of a world summed up for a terminal: a line for each part, and the last refusals.
//
//   PART             KIND       OPEN    ALL  REFUSED  REQUESTS  LINES  EVENTS/S
//   server (16)      enclave       2      9        0         4     31       1.5
//
//   22:31:05.498 out: 16:1073741832 -> example.com:443 failed: ...
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace glovebox::inspect {

class WorldDigest {
  public:
    // A line of the world's events.
    void take(const std::string& line);

    // At most `rows` lines. `since_last` is the time since the last call, for the events a second;
    // 0 leaves that column out.
    [[nodiscard]] std::string text(std::size_t rows, std::chrono::duration<double> since_last = {});

    [[nodiscard]] bool has_ended() const { return has_ended_; }

  private:
    struct Part {
        std::string name;
        std::string kind;
        std::set<std::string> open;  // connections, by their peers
        std::uint64_t connections = 0;
        std::uint64_t refused = 0;
        std::uint64_t requests = 0;  // to a security module, the KMS or the metadata service
        std::uint64_t lines = 0;     // of its program
        std::uint64_t events = 0;
        std::uint64_t events_shown = 0;  // when text() was called last
    };

    Part& part(const std::string& label, const std::string& kind);
    void take_event(const boost::json::object& event);

    static constexpr std::size_t refusals_max = 100;

    std::string world_;
    std::vector<std::string> order_;  // labels, as the world file has them
    std::map<std::string, Part> parts_;
    std::deque<std::string> refusals_;  // the last ones, printable
    std::string end_;
    bool has_ended_ = false;
};

}  // namespace glovebox::inspect
